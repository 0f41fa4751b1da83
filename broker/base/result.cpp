#include "broker/base/result.h"

namespace parley {

namespace {
struct Row {
  std::string_view name;
  int status;
  bool retry;
};
constexpr Row rows[] = {
    {"bad_request", 400, false}, {"unauthorized", 401, false}, {"forbidden", 403, false},
    {"not_found", 404, false},   {"conflict", 409, false},     {"too_large", 413, false},
    {"rate_limited", 429, true}, {"unavailable", 503, true},   {"internal", 500, true},
};
const Row& row(Code code) { return rows[static_cast<unsigned>(code)]; }
}  // namespace

std::string_view to_string(Code code) { return row(code).name; }
int http_status(Code code) { return row(code).status; }
bool is_retryable(Code code) { return row(code).retry; }

}  // namespace parley
