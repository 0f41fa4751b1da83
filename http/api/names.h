#pragma once

// What names and passwords of users may look like (docs/protocol.md, "REST"). Any thread.

#include <string>
#include <string_view>

#include "broker/base/random.h"
#include "broker/base/result.h"

namespace parley::api {

constexpr std::size_t user_name_chars_min = 2;
constexpr std::size_t user_name_chars_max = 32;
constexpr std::size_t password_bytes_min = 8;
constexpr std::size_t password_bytes_max = 256;

// bad_request says what is wrong.
Status check_user_name(std::string_view name);
Status check_password(std::string_view password);

// Names that nobody can register: those of the server itself, and those that the server gives to guests.
bool is_reserved_name(std::string_view name);

// ASCII lower case: names are compared without regard to case.
std::string fold_case(std::string_view name);

// A name for a guest: the wish without what names may not contain, or "guest-xxxx" when nothing usable is left of it.
std::string guest_name(std::string_view wish, Random& random);

}  // namespace parley::api
