#pragma once

// Every limit of the HTTP side, with its default. All are enforced by the parser and the connection and counted in Counters.

#include <cstddef>
#include <cstdint>
#include <string>

#include "broker/base/time.h"

namespace parley::http {

struct Limits {
  std::size_t request_line_bytes_max = 8'192;  // longer: 414
  std::size_t header_bytes_max = 16'384;       // all field lines of a head, and again of a trailer section; more: 431
  unsigned headers_max = 100;                  // more: 431
  std::size_t body_bytes_max = 1'048'576;      // after de-chunking; more: 413
  // Chunk sizes and extensions, beyond 16 bytes of them for each byte of body; more: 413.
  std::size_t chunk_overhead_bytes_max = 16'384;
};

struct Settings {
  Limits limits;
  MonoMs header_ms_max = 10'000;                // from a request's first byte to the end of its head; later: 408
  MonoMs body_stall_ms_max = 10'000;            // in every such span a body must grow by body_progress_bytes_min or end; else 408
  std::size_t body_progress_bytes_min = 1'024;  // 0: any byte counts
  MonoMs idle_ms_max = 75'000;                  // between requests and before the first; then closed without a word
  MonoMs answer_ms_max = 90'000;               // of a handler, whose storage may be away; then 503, and its answer comes too late
  MonoMs write_stall_ms_max = 60'000;          // congested without any progress for so long: cut off
  unsigned requests_max = 10'000;              // of one connection; its last answer says Connection: close. 0: no limit
  unsigned pipeline_max = 16;                  // requests whose answers wait; reading pauses there
  std::size_t pipeline_bytes_max = 1'048'576;  // finished answers that wait behind an unfinished one; reading pauses there
  // What the server does with a socket that is closed with Closing::lingering (see sink.h).
  MonoMs linger_ms_max = 2'000;
  std::size_t linger_bytes_max = 262'144;
  // Sent with answers whose Content-Type is text/html; all others get "default-src 'none'".
  std::string content_security_policy =
      "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; "
      "script-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";
};

// What happened, for /metrics. One per worker loop, plain numbers: its thread only.
struct Counters {
  std::uint64_t requests = 0;             // complete ones
  std::uint64_t answers[6] = {};          // by the status' first digit
  std::uint64_t malformed = 0;            // 400 from the parser
  std::uint64_t too_large = 0;            // 413, 414, 431 from the parser
  std::uint64_t not_supported = 0;        // 417, 501, 505 from the parser
  std::uint64_t timed_out = 0;            // 408: a head or body that came too slowly
  std::uint64_t overdue = 0;              // 503: answer_ms_max passed
  std::uint64_t idle_closed = 0;          // idle_ms_max passed
  std::uint64_t cut_off = 0;              // write_stall_ms_max passed
  std::uint64_t paused = 0;               // reading stopped because of pipeline_max, pipeline_bytes_max or congestion
  std::uint64_t requests_max_closed = 0;  // requests_max was reached
  std::uint64_t unanswered = 0;           // a handler dropped its responder: 500
  std::uint64_t upgrades = 0;             // 101
  std::uint64_t upgrades_refused = 0;
};

}  // namespace parley::http
