#pragma once

// Whether a request that carries a cookie comes from our own pages (a guard against cross-site request forgery beside SameSite).

#include <string>
#include <vector>

#include "http/message.h"

namespace parley::api {

// True without an Origin header (not a browser, or a navigation that SameSite=Strict already keeps without the cookie), when its
// authority is the Host header's, or when it is one of `allowed` ("https://chat.example.org"). "null" is never ours (RFC 6454
// §7). The schemes are not compared: behind a proxy that ends TLS ours is http while the page's is https.
bool is_own_origin(const http::Request& request, const std::vector<std::string>& allowed);

}  // namespace parley::api
