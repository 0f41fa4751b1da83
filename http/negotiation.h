#pragma once

// Content negotiation and validators (RFC 9110 §12, §13) as pure functions over header values.

#include <string_view>

namespace parley::http {

// How welcome a content coding is, in thousandths, 0: not acceptable. `accept` is the whole Accept-Encoding list (RFC 9110
// §12.5.3). "identity" that is not named is acceptable, but less welcome than any coding that is; so it is when the field is
// absent, and then nothing else is.
int encoding_weight(std::string_view accept, std::string_view coding);

// Whether Accept names text/html itself (with a weight above 0): a browser that goes to a page, not a script or an image tag.
bool accepts_html(std::string_view accept);

// Whether `etag` (strong, quoted) is in the list of If-None-Match (weak comparison) or If-Match (strong comparison, RFC 9110
// §8.8.3.2). "*" matches.
bool etag_matches(std::string_view list, std::string_view etag, bool weak);

}  // namespace parley::http
