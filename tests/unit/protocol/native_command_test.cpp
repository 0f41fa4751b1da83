#include "broker/protocol/native_command.h"

#include <gtest/gtest.h>

#include "broker/protocol/native_event.h"

namespace parley::native {
namespace {

Command good(std::string_view frame) {
  auto decoded = decode(frame, 1000);
  if (const auto* bad = std::get_if<Malformed>(&decoded)) ADD_FAILURE() << frame << ": " << bad->error.message;
  return std::holds_alternative<Command>(decoded) ? std::get<Command>(decoded) : Command{};
}

TEST(NativeCommand, EveryCommandIsRead) {
  EXPECT_EQ(std::get<Connect>(good(R"({"op":"connect","id":1,"token":"t","client":"tab"})").op).token, "t");
  EXPECT_EQ(std::get<Connect>(good(R"({"op":"connect","name":"ada"})").op).name, "ada");
  const auto subscribe = std::get<Subscribe>(good(R"({"op":"subscribe","id":2,"room":"a/b","since":41,"epoch":"e"})").op);
  EXPECT_EQ(subscribe.room, "a/b");
  EXPECT_EQ(subscribe.since, 41U);
  EXPECT_EQ(subscribe.epoch, "e");
  EXPECT_FALSE(std::get<Subscribe>(good(R"({"op":"subscribe","room":"a"})").op).since.has_value());
  const auto publish = std::get<Publish>(good(R"({"op":"publish","id":3,"room":"a","cid":"c","body":{ "x":1 }})").op);
  EXPECT_EQ(publish.type, EntryType::message);
  EXPECT_EQ(publish.body, R"({ "x":1 })");
  const auto removal = std::get<Publish>(good(R"({"op":"publish","room":"a","type":"delete","target":5})").op);
  EXPECT_EQ(removal.type, EntryType::remove);
  EXPECT_EQ(removal.target, 5U);
  EXPECT_EQ(removal.body, "{}");
  EXPECT_EQ(
      std::get<Publish>(good(R"({"op":"publish","room":"a","type":"reaction","target":5,"body":{"key":"+1","on":false}})").op)
          .type,
      EntryType::reaction);
  EXPECT_EQ(std::get<Publish>(good(R"({"op":"publish","room":"a","type":"pin","target":5,"body":{"on":true}})").op).type,
            EntryType::pin);
  EXPECT_EQ(std::get<Ack>(good(R"({"op":"ack","room":"a","seq":58})").op).seq, 58U);
  EXPECT_EQ(std::get<Signal>(good(R"({"op":"signal","room":"a","type":"typing"})").op).body, "{}");
  EXPECT_EQ(std::get<Read>(good(R"({"op":"read","room":"a","seq":0})").op).seq, 0U);
  EXPECT_EQ(std::get<Presence>(good(R"({"op":"presence","id":6,"room":"a"})").op).room, "a");
  EXPECT_EQ(std::get<Unsubscribe>(good(R"({"op":"unsubscribe","id":4,"room":"a"})").op).room, "a");
  EXPECT_EQ(good(R"({"op":"ping","id":5})").id, 5U);
  EXPECT_FALSE(good(R"({"op":"ping","unknown":[1]})").id.has_value());
}

struct BadCase {
  const char* name;
  std::string frame;
  Code code;
  Id id;
};

TEST(NativeCommand, EveryMalformedOneIsNamed) {
  const std::string big(1100, 'x');
  const BadCase cases[] = {
      {"empty", "", Code::bad_request, {}},
      {"no JSON", "hello", Code::bad_request, {}},
      {"an array", "[]", Code::bad_request, {}},
      {"a string", "\"op\"", Code::bad_request, {}},
      {"two objects", R"({"op":"ping"}{"op":"ping"})", Code::bad_request, {}},
      {"no op", R"({"id":1})", Code::bad_request, 1},
      {"op of another type", R"({"id":1,"op":5})", Code::bad_request, 1},
      {"unknown op", R"({"id":1,"op":"shout"})", Code::bad_request, 1},
      {"op in capitals", R"({"id":1,"op":"PING"})", Code::bad_request, 1},
      {"id a string", R"({"id":"1","op":"ping"})", Code::bad_request, {}},
      {"id negative", R"({"id":-1,"op":"ping"})", Code::bad_request, {}},
      {"id with a fraction", R"({"id":1.5,"op":"ping"})", Code::bad_request, {}},
      {"id past 2^53", R"({"id":9007199254740993,"op":"ping"})", Code::bad_request, {}},
      {"a member twice", R"({"id":1,"op":"ping","op":"ping"})", Code::bad_request, {}},
      {"U+0000 in the room", "{\"id\":1,\"op\":\"presence\",\"room\":\"a\\u0000b\"}", Code::bad_request, {}},
      {"subscribe without a room", R"({"id":1,"op":"subscribe"})", Code::bad_request, 1},
      {"subscribe with an empty room", R"({"id":1,"op":"subscribe","room":""})", Code::bad_request, 1},
      {"room a number", R"({"id":1,"op":"subscribe","room":7})", Code::bad_request, 1},
      {"since a string", R"({"id":1,"op":"subscribe","room":"a","since":"4"})", Code::bad_request, 1},
      {"since negative", R"({"id":1,"op":"subscribe","room":"a","since":-4})", Code::bad_request, 1},
      {"publish without a body", R"({"id":1,"op":"publish","room":"a"})", Code::bad_request, 1},
      {"body a string", R"({"id":1,"op":"publish","room":"a","body":"x"})", Code::bad_request, 1},
      {"body an array", R"({"id":1,"op":"publish","room":"a","body":[]})", Code::bad_request, 1},
      {"body too long", R"({"id":1,"op":"publish","room":"a","body":{"t":")" + big + "\"}}", Code::too_large, 1},
      {"cid a number", R"({"id":1,"op":"publish","room":"a","cid":1,"body":{}})", Code::bad_request, 1},
      {"cid too long", R"({"id":1,"op":"publish","room":"a","cid":")" + std::string(129, 'c') + R"(","body":{}})",
       Code::too_large, 1},
      {"unknown type", R"({"id":1,"op":"publish","room":"a","type":"poem","body":{}})", Code::bad_request, 1},
      {"a type of the server's", R"({"id":1,"op":"publish","room":"a","type":"join","body":{}})", Code::bad_request, 1},
      {"message with a target", R"({"id":1,"op":"publish","room":"a","target":1,"body":{}})", Code::bad_request, 1},
      {"edit without a target", R"({"id":1,"op":"publish","room":"a","type":"edit","body":{}})", Code::bad_request, 1},
      {"reaction without a key", R"({"id":1,"op":"publish","room":"a","type":"reaction","target":1,"body":{"on":true}})",
       Code::bad_request, 1},
      {"reaction without a state", R"({"id":1,"op":"publish","room":"a","type":"reaction","target":1,"body":{"key":"x"}})",
       Code::bad_request, 1},
      {"reaction with a long key",
       R"({"id":1,"op":"publish","room":"a","type":"reaction","target":1,"body":{"on":true,"key":")" + std::string(33, 'k') +
           "\"}}",
       Code::too_large, 1},
      {"pin without a state", R"({"id":1,"op":"publish","room":"a","type":"pin","target":1,"body":{}})", Code::bad_request, 1},
      {"ack without a seq", R"({"id":1,"op":"ack","room":"a"})", Code::bad_request, 1},
      {"ack of a null seq", R"({"id":1,"op":"ack","room":"a","seq":null})", Code::bad_request, 1},
      {"signal without a type", R"({"id":1,"op":"signal","room":"a"})", Code::bad_request, 1},
      {"signal with a long type", R"({"id":1,"op":"signal","room":"a","type":")" + std::string(65, 't') + "\"}", Code::too_large,
       1},
      {"token a number", R"({"id":1,"op":"connect","token":5})", Code::bad_request, 1},
      {"client too long", R"({"id":1,"op":"connect","client":")" + std::string(129, 'c') + "\"}", Code::too_large, 1},
  };
  for (const BadCase& test : cases) {
    auto decoded = decode(test.frame, 1000);
    ASSERT_TRUE(std::holds_alternative<Malformed>(decoded)) << test.name;
    EXPECT_EQ(std::get<Malformed>(decoded).error.code, test.code) << test.name;
    EXPECT_EQ(std::get<Malformed>(decoded).id, test.id) << test.name;
  }
}

Entry entry() {
  Entry made;
  made.seq = 58;
  made.ts = 1764000000000;
  made.messages = 41;
  made.user_id = "u_1";
  made.user_name = "ada";
  made.body = R"({"text":"hi"})";
  return made;
}

std::string encoded(const Entry& made) {
  std::string out;
  append_entry(out, made, "general");
  return out;
}

TEST(NativeEvent, EntriesShowTheirBodyByItsKind) {
  Entry made = entry();
  EXPECT_EQ(
      encoded(made),
      R"({"room":"general","seq":58,"type":"message","from":"ada","uid":"u_1","ts":1764000000000,"n":41,"body":{"text":"hi"}})");
  made.payload = Payload::text;
  made.body =
      "21.5 \xc2\xb0"
      "C \"x\"";
  made.content_type = "text/plain";
  EXPECT_NE(encoded(made).find("\"content_type\":\"text/plain\",\"body\":{\"text\":\"21.5 \xc2\xb0"
                               "C \\\"x\\\"\"}"),
            std::string::npos);
  made.payload = Payload::bytes;
  made.body = std::string("\x00\xff\x10", 3);
  EXPECT_NE(encoded(made).find(R"("body":{"base64":"AP8Q"})"), std::string::npos);
  made.payload = Payload::text;
  made.body.clear();
  EXPECT_NE(encoded(made).find(R"("body":{"text":""})"), std::string::npos);
}

TEST(NativeEvent, DeletedAndEditedOnesSaySo) {
  Entry made = entry();
  made.edited = true;
  EXPECT_NE(encoded(made).find(R"("edited":true)"), std::string::npos);
  made.deleted = true;
  EXPECT_NE(encoded(made).find(R"("deleted":true,"body":{})"), std::string::npos);
  EXPECT_EQ(encoded(made).find("hi"), std::string::npos);
}

TEST(NativeEvent, RepliesCarryTheCommandsNumber) {
  std::string out;
  append_error(out, 3, {Code::unavailable, "later"});
  EXPECT_EQ(out, R"({"re":3,"error":{"code":"unavailable","message":"later","retry":true}})");
  out.clear();
  append_error(out, {}, {Code::forbidden, "no"});
  EXPECT_EQ(out, R"({"error":{"code":"forbidden","message":"no","retry":false}})");
  out.clear();
  append_published(out, 4, 9, 5, true);
  EXPECT_EQ(out, R"({"re":4,"seq":9,"ts":5,"duplicate":true})");
  out.clear();
  append_gap(out, "a", 12, 40);
  EXPECT_EQ(out, R"({"room":"a","gap":{"from":12,"to":40}})");
  out.clear();
  append_goaway(out, "draining", 1800);
  EXPECT_EQ(out, R"({"goaway":{"reason":"draining","after_ms":1800}})");
}

}  // namespace
}  // namespace parley::native
