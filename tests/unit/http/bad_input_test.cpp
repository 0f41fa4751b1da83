// What a server must refuse, by name: bytes in, status out, and whether the connection closes. Each case also runs byte by byte,
// and must end the same.

#include <gtest/gtest.h>

#include "tests/unit/http/harness.h"

namespace parley::http {
namespace {

using tests::Harness;
using tests::statuses;

struct Case {
  const char* name;
  std::string bytes;
  int status;
  bool closes;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

const std::string host = "Host: a\r\n";
const std::string get = "GET / HTTP/1.1\r\n" + host;
const std::string post = "POST / HTTP/1.1\r\n" + host;
const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
std::string line(const std::string& request_line) { return request_line + "\r\n" + host + "\r\n"; }
std::string field(const std::string& bytes) { return get + bytes + "\r\n\r\n"; }
std::string many_fields(int count) {
  std::string out = get;
  for (int i = 0; i < count; ++i) out += "X-" + std::to_string(i) + ": 1\r\n";
  return out + "\r\n";
}
std::string one_byte_chunks_with_extensions() {
  std::string out = chunked;
  for (int i = 0; i < 100; ++i) out += "1;" + std::string(400, 'x') + "\r\na\r\n";
  return out;
}

std::vector<Case> request_line_cases() {
  return {
      {"tls_client_hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400, true},
      {"binary", std::string("\x00\xff\xfe\x80", 4), 400, true},
      {"socks", std::string("\x05\x01\x00", 3), 400, true},
      {"leading_space", line(" GET / HTTP/1.1"), 400, true},
      {"leading_tab", line("\tGET / HTTP/1.1"), 400, true},
      {"leading_lf", "\n" + get + "\r\n", 400, true},
      {"leading_cr_alone", "\r" + get + "\r\n", 400, true},
      {"nine_empty_lines", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" + get + "\r\n", 400, true},
      {"lf_only", "GET / HTTP/1.1\nHost: a\n\n", 400, true},
      {"cr_only", "GET / HTTP/1.1\rHost: a\r\r", 400, true},
      {"lf_after_request_line", "GET / HTTP/1.1\n" + host + "\r\n", 400, true},
      {"cr_in_request_line", line("GET /\r HTTP/1.1"), 400, true},
      {"nul_in_target", line(std::string("GET /\0 HTTP/1.1", 15)), 400, true},
      {"tab_for_space", line("GET\t/\tHTTP/1.1"), 400, true},
      {"two_spaces_before_target", line("GET  / HTTP/1.1"), 400, true},
      {"two_spaces_before_version", line("GET /  HTTP/1.1"), 400, true},
      {"space_after_version", line("GET / HTTP/1.1 "), 400, true},
      {"space_in_target", line("GET /a b HTTP/1.1"), 400, true},
      {"no_target", line("GET HTTP/1.1"), 400, true},
      {"no_version", line("GET /"), 400, true},
      {"http_0_9", "GET /\r\n", 400, true},
      {"method_alone", "GET\r\n", 400, true},
      {"no_spaces", "GET/HTTP/1.1\r\n", 400, true},
      {"method_with_colon", line("G:T / HTTP/1.1"), 400, true},
      {"method_with_parenthesis", line("GET( / HTTP/1.1"), 400, true},
      {"unknown_method", line("BREW / HTTP/1.1"), 501, true},
      {"lower_case_method", line("get / HTTP/1.1"), 501, true},
      {"method_prefix", line("GETX / HTTP/1.1"), 501, true},
      {"method_of_33_bytes", std::string(33, 'A'), 501, true},
      {"trace", line("TRACE / HTTP/1.1"), 501, true},
      {"connect", line("CONNECT a:443 HTTP/1.1"), 501, true},
      {"propfind", line("PROPFIND / HTTP/1.1"), 501, true},
      {"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, true},
      {"http_2_0", line("GET / HTTP/2.0"), 505, true},
      {"http_3_0", line("GET / HTTP/3.0"), 505, true},
      {"http_0_9_with_version", line("GET / HTTP/0.9"), 505, true},
      {"http_9_9", line("GET / HTTP/9.9"), 505, true},
      {"lower_case_http", line("GET / http/1.1"), 400, true},
      {"version_without_minor", line("GET / HTTP/1"), 400, true},
      {"version_with_two_digits", line("GET / HTTP/1.10"), 400, true},
      {"version_with_leading_zero", line("GET / HTTP/01.1"), 400, true},
      {"version_with_letter", line("GET / HTTP/1.x"), 400, true},
      {"version_with_comma", line("GET / HTTP/1,1"), 400, true},
      {"rtsp", line("GET / RTSP/1.0"), 400, true},
      {"icecast", line("SOURCE / ICE/1.0"), 400, true},
      {"fragment_in_target", line("GET /a#b HTTP/1.1"), 400, true},
      {"backslash_in_target", line("GET /a\\b HTTP/1.1"), 400, true},
      {"quote_in_target", line("GET /a\"b HTTP/1.1"), 400, true},
      {"utf8_in_target", line("GET /\xc3\xa9 HTTP/1.1"), 400, true},
      {"delete_character_in_target", line("GET /\x7f HTTP/1.1"), 400, true},
      {"target_without_slash", line("GET a HTTP/1.1"), 400, true},
      {"asterisk_with_get", line("GET * HTTP/1.1"), 400, true},
      {"asterisk_and_more", line("OPTIONS *a HTTP/1.1"), 400, true},
      {"authority_form_with_get", line("GET a:80 HTTP/1.1"), 400, true},
      {"absolute_ftp", line("GET ftp://a/ HTTP/1.1"), 400, true},
      {"absolute_without_authority", line("GET http:///a HTTP/1.1"), 400, true},
      {"absolute_with_userinfo", line("GET http://u:p@a/ HTTP/1.1"), 400, true},
      {"absolute_with_bad_port", line("GET http://a:http/ HTTP/1.1"), 400, true},
      {"url_of_9000_bytes", line("GET /" + std::string(9000, 'a') + " HTTP/1.1"), 414, true},
      {"url_without_end", "GET /" + std::string(8200, 'a'), 414, true},
  };
}

std::vector<Case> field_cases() {
  return {
      {"no_host", "GET / HTTP/1.1\r\n\r\n", 400, true},
      {"two_hosts", field("Host: b"), 400, true},
      {"two_equal_hosts", field("Host: a"), 400, true},
      {"two_hosts_in_1_0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, true},
      {"empty_host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, true},
      {"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, true},
      {"host_with_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, true},
      {"host_with_userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, true},
      {"host_with_space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, true},
      {"host_with_bad_port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, true},
      {"host_with_port_70000", "GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n", 400, true},
      {"host_with_open_bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, true},
      {"absolute_form_without_host", "GET http://a/ HTTP/1.1\r\n\r\n", 400, true},
      {"space_before_colon", field("X : 1"), 400, true},
      {"tab_before_colon", field("X\t: 1"), 400, true},
      {"space_before_known_colon", get + "Content-Length : 5\r\n\r\nhello", 400, true},
      {"space_before_host_colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, true},
      {"space_in_name", field("X Y: 1"), 400, true},
      {"empty_name", field(": 1"), 400, true},
      {"no_colon", field("X"), 400, true},
      {"name_with_parenthesis", field("X(: 1"), 400, true},
      {"name_with_utf8", field("X\xc3\xa9: 1"), 400, true},
      {"name_with_nul", field(std::string("X\0Y: 1", 6)), 400, true},
      {"value_with_nul", field(std::string("X: a\0b", 6)), 400, true},
      {"value_with_bell", field("X: \x07"), 400, true},
      {"value_with_delete", field("X: \x7f"), 400, true},
      {"value_with_cr", field("X: a\rb"), 400, true},
      {"value_with_lf", field("X: a\nY: b"), 400, true},
      {"value_with_cr_then_name", field("X: a\rTransfer-Encoding: chunked"), 400, true},
      {"obs_fold_space", field("X: a\r\n b"), 400, true},
      {"obs_fold_tab", field("X: a\r\n\tb"), 400, true},
      {"obs_fold_of_empty_value", field("X:\r\n b"), 400, true},
      {"first_field_indented", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, true},
      {"cr_cr_lf_at_end", get + "\r\r\n", 400, true},
      {"lf_at_end", get + "\n", 400, true},
      {"cr_at_end_then_byte", get + "\rX", 400, true},
      {"expect_unknown", post + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417, true},
      {"expect_two", post + "Expect: 100-continue, other\r\nContent-Length: 1\r\n\r\n", 417, true},
      {"header_of_17_kb", field("X: " + std::string(17 * 1024, 'a')), 431, true},
      {"header_name_of_17_kb", get + std::string(17 * 1024, 'a'), 431, true},
      {"header_value_without_end", get + "X: " + std::string(17 * 1024, 'a'), 431, true},
      {"headers_101", many_fields(100), 431, true},
      {"headers_of_17_kb_together", field("A: " + std::string(9000, 'a') + "\r\nB: " + std::string(9000, 'b')), 431, true},
  };
}

std::vector<Case> framing_cases() {
  const std::string te = "Transfer-Encoding: ";
  return {
      {"length_and_chunked", post + "Content-Length: 5\r\n" + te + "chunked\r\n\r\n0\r\n\r\n", 400, true},
      {"chunked_and_length", post + te + "chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, true},
      {"chunked_and_length_0", post + te + "chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n", 400, true},
      {"two_lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, true},
      {"two_equal_lengths", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400, true},
      {"length_list", post + "Content-Length: 5, 5\r\n\r\nhello", 400, true},
      {"length_empty", post + "Content-Length:\r\n\r\n", 400, true},
      {"length_plus", post + "Content-Length: +5\r\n\r\nhello", 400, true},
      {"length_negative", post + "Content-Length: -1\r\n\r\n", 400, true},
      {"length_hex", post + "Content-Length: 0x5\r\n\r\nhello", 400, true},
      {"length_letters", post + "Content-Length: five\r\n\r\n", 400, true},
      {"length_decimal", post + "Content-Length: 5.0\r\n\r\nhello", 400, true},
      {"length_inner_space", post + "Content-Length: 1 1\r\n\r\n", 400, true},
      {"length_overflow", post + "Content-Length: 18446744073709551617\r\n\r\n", 400, true},
      {"length_2_to_64", post + "Content-Length: 18446744073709551616\r\n\r\n", 400, true},
      {"length_over_limit", post + "Content-Length: 1048577\r\n\r\n", 413, true},
      {"length_huge", post + "Content-Length: 9223372036854775807\r\n\r\n", 413, true},
      {"length_over_limit_expected", post + "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", 413, true},
      {"coding_gzip", post + te + "gzip\r\n\r\n", 501, true},
      {"coding_identity", post + te + "identity\r\n\r\n", 501, true},
      {"coding_xchunked", post + te + "xchunked\r\n\r\n0\r\n\r\n", 501, true},
      {"coding_gzip_chunked", post + te + "gzip, chunked\r\n\r\n0\r\n\r\n", 501, true},
      {"coding_gzip_then_chunked_fields", post + te + "gzip\r\n" + te + "chunked\r\n\r\n0\r\n\r\n", 501, true},
      {"coding_chunked_gzip", post + te + "chunked, gzip\r\n\r\n0\r\n\r\n", 400, true},
      {"coding_chunked_twice", post + te + "chunked, chunked\r\n\r\n0\r\n\r\n", 400, true},
      {"coding_chunked_twice_fields", post + te + "chunked\r\n" + te + "chunked\r\n\r\n0\r\n\r\n", 400, true},
      {"coding_chunked_then_identity", post + te + "chunked\r\n" + te + "identity\r\n\r\n0\r\n\r\n", 400, true},
      {"coding_empty", post + te + "\r\n\r\n0\r\n\r\n", 400, true},
      {"coding_with_parameter", post + te + "chunked;q=1\r\n\r\n0\r\n\r\n", 501, true},
      {"coding_vertical_tab", post + te + "\x0b" + "chunked\r\n\r\n0\r\n\r\n", 400, true},
      {"coding_quoted", post + te + "\"chunked\"\r\n\r\n0\r\n\r\n", 501, true},
      {"coding_in_1_0", "POST / HTTP/1.0\r\n" + host + te + "chunked\r\n\r\n0\r\n\r\n", 400, true},
      {"chunk_size_letters", chunked + "zz\r\n", 400, true},
      {"chunk_size_empty", chunked + "\r\nhello", 400, true},
      {"chunk_size_0x", chunked + "0x5\r\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_size_plus", chunked + "+5\r\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_size_negative", chunked + "-5\r\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_size_space_before", chunked + " 5\r\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_size_space_after", chunked + "5 \r\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_size_overflow", chunked + "10000000000000000\r\n", 400, true},
      {"chunk_size_underscore", chunked + "1_0\r\n", 400, true},
      {"chunk_size_lf", chunked + "5\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_size_cr", chunked + "5\rXhello\r\n0\r\n\r\n", 400, true},
      {"chunk_extension_lf", chunked + "5;a\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_extension_cr", chunked + "5;a\rXhello\r\n0\r\n\r\n", 400, true},
      {"chunk_extension_nul", chunked + std::string("5;a\0\r\n", 6), 400, true},
      {"chunk_extension_without_name", chunked + "5;\r\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_extension_without_value", chunked + "5;a=\r\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_extension_space_at_end", chunked + "5;a \r\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_extension_lf_in_quotes", chunked + "5;a=\"b\nhello\"\r\n0\r\n\r\n", 400, true},
      {"chunk_extension_behind_quotes", chunked + "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n", 400, true},
      {"chunk_too_long", chunked + "5\r\nhelloX\r\n0\r\n\r\n", 400, true},
      {"chunk_data_lf", chunked + "5\r\nhello\n0\r\n\r\n", 400, true},
      {"chunk_data_cr", chunked + "5\r\nhello\r0\r\n\r\n", 400, true},
      {"chunk_data_without_end", chunked + "5\r\nhello0\r\n\r\n", 400, true},
      {"chunk_over_limit", chunked + "100001\r\n" + std::string(0x100001, 'a') + "\r\n", 413, true},
      {"chunks_mostly_extensions", one_byte_chunks_with_extensions(), 413, true},
      {"chunk_size_of_endless_zeros", chunked + std::string(20000, '0'), 413, true},
      {"trailer_without_colon", chunked + "0\r\nX\r\n\r\n", 400, true},
      {"trailer_space_before_colon", chunked + "0\r\nX : 1\r\n\r\n", 400, true},
      {"trailer_obs_fold", chunked + "0\r\nX: 1\r\n 2\r\n\r\n", 400, true},
      {"trailer_lf", chunked + "0\r\nX: 1\n\r\n", 400, true},
      {"trailer_end_lf", chunked + "0\r\n\n", 400, true},
      {"trailer_nul", chunked + std::string("0\r\nX: \0\r\n\r\n", 11), 400, true},
      {"trailer_of_17_kb", chunked + "0\r\nX: " + std::string(17 * 1024, 'a'), 431, true},
  };
}

class BadInput : public ::testing::TestWithParam<Case> {};

TEST_P(BadInput, AtOnce) {
  Harness harness;
  harness.feed(GetParam().bytes);
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{GetParam().status});
  EXPECT_EQ(harness.sink.closes, GetParam().closes ? 1 : 0);
  EXPECT_TRUE(harness.app.requests.empty()) << "a malformed request reached the application";
  if (GetParam().closes) {
    EXPECT_EQ(harness.sink.closing, Closing::lingering);
    EXPECT_NE(harness.sink.out.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_NE(harness.sink.out.find("\r\nContent-Type: application/problem+json\r\n"), std::string::npos);
  }
}

TEST_P(BadInput, ByteByByte) {
  Harness harness;
  harness.feed_by_bytes(GetParam().bytes);
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{GetParam().status});
  EXPECT_EQ(harness.sink.closes, GetParam().closes ? 1 : 0);
  EXPECT_TRUE(harness.app.requests.empty());
}

// Smuggling: what follows a refused request is never read as one.
TEST_P(BadInput, FollowedByARequest) {
  Harness harness;
  harness.feed(GetParam().bytes);
  harness.feed("\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(harness.app.requests.empty());
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(RequestLine, BadInput, ::testing::ValuesIn(request_line_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Fields, BadInput, ::testing::ValuesIn(field_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Framing, BadInput, ::testing::ValuesIn(framing_cases()), name_of);

}  // namespace
}  // namespace parley::http
