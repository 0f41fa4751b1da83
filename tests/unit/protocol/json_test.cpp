#include "broker/protocol/json.h"

#include <gtest/gtest.h>

#include "broker/base/utf8.h"
#include "broker/protocol/json_plain.h"

namespace parley::json {
namespace {

// At every place of a text, every byte; what stands around it may not matter.
TEST(JsonPlain, StopsAtTheFirstByteThatMustBeLookedAt) {
  for (const char around : {'x', '\x7f', '\x80', '\xff', '!', '#', '[', ']', ' '}) {
    for (std::size_t length = 1; length <= 20; ++length) {
      for (std::size_t at = 0; at < length; ++at) {
        for (unsigned byte = 0; byte < 256; ++byte) {
          std::string text(length, around);
          text[at] = static_cast<char>(byte);
          const bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
          ASSERT_EQ(plain_length(text), plain ? length : at) << byte << " at " << at << " of " << length;
        }
      }
    }
  }
}

TEST(JsonCheck, TakesWhatRfc8259Takes) {
  for (const char* text : {"{}", "[]", "null", "true", "false", "0", "-0", "1.5", "1e9", "1E+9", "-1.25e-3", "\"\"", " \t\r\n{} ",
                           R"({"a":[1,{"b":null}]})", R"("\"\\\/\b\f\n\r\t\u00e9")", R"("\ud83d\ude00")",
                           "\"\xc3\xa9\xf0\x9f\x98\x80\"", R"({"a":{"a":1},"b":{"a":1}})", "123456789012345678901234567890"}) {
    EXPECT_TRUE(check(text).ok()) << text;
  }
}

TEST(JsonCheck, RefusesWhatRfc8259Refuses) {
  const std::string_view texts[] = {"",
                                    " ",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    "{}{}",
                                    "{} x",
                                    "nul",
                                    "True",
                                    "+1",
                                    "01",
                                    "-",
                                    "1.",
                                    ".5",
                                    "1e",
                                    "1e+",
                                    "0x10",
                                    "NaN",
                                    "Infinity",
                                    "'a'",
                                    "\"",
                                    "\"a",
                                    "\"\\\"",
                                    "\"\\x\"",
                                    "\"\\u12\"",
                                    "\"\\u12g4\"",
                                    "\"\\u0000\"",
                                    "\"\\ud800\"",
                                    "\"\\ud800x\"",
                                    "\"\\ud800\\u0041\"",
                                    "\"\\udc00\"",
                                    "\"\n\"",
                                    "\"\x01\"",
                                    "\"\xff\"",
                                    "\"\xc0\x80\"",
                                    "\"\xed\xa0\x80\"",
                                    "{\"a\"}",
                                    "{\"a\":}",
                                    "{\"a\":1,}",
                                    "{a:1}",
                                    "{1:1}",
                                    "{,}",
                                    "[1,]",
                                    "[,1]",
                                    "[1 2]",
                                    "{\"a\" 1}",
                                    "// c",
                                    "{\"a\":1 \"b\":2}",
                                    R"({"a":1,"a":2})",
                                    R"({"a":1,"\u0061":2})",
                                    R"([{"x":1,"x":1}])",
                                    std::string_view("\"a\0b\"", 5)};
  for (const std::string_view text : texts) {
    const Status status = check(text);
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(status.error().code, Code::bad_request);
    EXPECT_NE(status.error().message.find("at byte"), std::string::npos);
  }
}

TEST(JsonCheck, EveryPrefixOfAnObjectIsRefused) {
  const std::string text = R"({"op":"publish","id":12,"x":[true,null,-1.5e3],"s":"\u00e9\ud83d\ude00"})";
  ASSERT_TRUE(check(text).ok());
  for (std::size_t length = 0; length < text.size(); ++length) EXPECT_FALSE(check(text.substr(0, length)).ok()) << length;
}

TEST(JsonCheck, DepthIsLimited) {
  EXPECT_TRUE(check(std::string(32, '[') + std::string(32, ']')).ok());
  EXPECT_FALSE(check(std::string(33, '[') + std::string(33, ']')).ok());
  EXPECT_FALSE(check(std::string(100000, '[')).ok());
}

TEST(JsonObject, KeepsTheBytesOfAMember) {
  const std::string text = R"( { "body" : { "n" : 12345678901234567890, "t":"\/" } , "id":7 } )";
  Result<Object> object = Object::parse(text);
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(object->object("body").value(), R"({ "n" : 12345678901234567890, "t":"\/" })");
  EXPECT_EQ(object->integer("id").value(), 7U);
}

TEST(JsonObject, WrongTypesAreNamed) {
  Result<Object> object = Object::parse(
      R"({"s":1,"i":"x","b":0,"o":[],"n":null,"neg":-1,"frac":1.5,"big":9007199254740992,"max":9007199254740991,"e":1e2})");
  ASSERT_TRUE(object.ok());
  EXPECT_FALSE(object->string("s").ok());
  EXPECT_FALSE(object->integer("i").ok());
  EXPECT_FALSE(object->boolean("b").ok());
  EXPECT_FALSE(object->object("o").ok());
  EXPECT_FALSE(object->integer("neg").ok());
  EXPECT_FALSE(object->integer("frac").ok());
  EXPECT_FALSE(object->integer("big").ok());
  EXPECT_EQ(object->integer("max").value(), 9007199254740991U);
  EXPECT_EQ(object->integer("e").value(), 100U);
  EXPECT_FALSE(object->string("n").value().has_value());
  EXPECT_FALSE(object->string("absent").value().has_value());
  EXPECT_FALSE(object->has("n"));
}

TEST(JsonObject, StringsAreDecoded) {
  Result<Object> object = Object::parse(R"({"a":"x\n\u00e9\ud83d\ude00\"","\u0062":"y"})");
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(object->string("a").value(), "x\n\xc3\xa9\xf0\x9f\x98\x80\"");
  EXPECT_EQ(object->string("b").value(), "y");
}

TEST(JsonWriter, WritesWhatTheCheckTakes) {
  std::string out;
  Writer writer(out);
  writer.begin_object().member("a", "q\"\\\n\x01").member("b", std::uint64_t{18446744073709551615ULL}).key("c").begin_array();
  writer.value(true).value(-5).begin_object().end_object().raw("[1]").end_array().member("bad", "x\xff\xc3").end_object();
  EXPECT_EQ(
      out,
      "{\"a\":\"q\\\"\\\\\\n\\u0001\",\"b\":18446744073709551615,\"c\":[true,-5,{},[1]],\"bad\":\"x\xef\xbf\xbd\xef\xbf\xbd\"}");
  EXPECT_TRUE(check(out).ok());
}

TEST(Utf8, AnySplitGivesTheSameAnswer) {
  const std::string good = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 and enough plain text for the fast way";
  for (std::size_t split = 0; split <= good.size(); ++split) {
    Utf8Checker checker;
    EXPECT_TRUE(checker.feed(std::string_view(good).substr(0, split)));
    EXPECT_TRUE(checker.feed(std::string_view(good).substr(split)));
    EXPECT_TRUE(checker.complete());
  }
  for (const char* bad :
       {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5", "\xc3\x28"}) {
    EXPECT_FALSE(is_utf8(bad)) << static_cast<int>(static_cast<unsigned char>(bad[0]));
  }
  EXPECT_FALSE(is_utf8("\xe2\x82"));
}

}  // namespace
}  // namespace parley::json
