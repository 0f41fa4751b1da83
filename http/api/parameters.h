#pragma once

// Numbers and texts out of paths and queries. Errors are bad_request and name the parameter.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/base/result.h"
#include "http/message.h"

namespace parley::api {

// A decimal integer from 0 to 2^53-1, digits only.
Result<std::uint64_t> parse_integer(std::string_view name, std::string_view text);

// nullopt when the parameter is absent or empty.
Result<std::optional<std::uint64_t>> query_integer(const http::Request& request, std::string_view name);
// Empty when absent.
Result<std::string> query_text(const http::Request& request, std::string_view name);
// `limit`: 1 to `most`, `usual` when absent.
Result<unsigned> query_limit(const http::Request& request, unsigned usual, unsigned most);

}  // namespace parley::api
