#include "broker/protocol/envelope.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace parley::envelope {
namespace {

EntryPtr entry(Seq seq) {
  auto made = std::make_shared<Entry>();
  made->room = 7;
  made->seq = seq;
  made->ts = 1'764'000'000'000;
  made->type = EntryType::edit;
  made->payload = Payload::bytes;
  made->edited = true;
  made->deleted = seq % 2 == 0;
  made->target = seq - 1;
  made->messages = 300;
  made->user_id = "u_ada";
  made->user_name = "ada";
  made->cid = "c" + std::to_string(seq);
  made->body = std::string("\0\xff{}", 4) + std::string(200, 'x');
  made->content_type = "application/cbor";
  made->properties = "p";
  made->expires = 1'764'000'000'500;
  return made;
}

std::vector<Message> samples() {
  return {{"north", "e1", Entries{7, {entry(5), entry(6), entry(900)}}},
          {"north", "e1", Signal{7, "typing", "u_ada", "ada", "{}", "u_bob"}},
          {"", "", PresenceChanged{INT64_MAX}},
          {"north", "e1", LoginRevoked{"login"}},
          {"north", "e1", Hello{}},
          {"north", "e1", Forward{7, entry(0), {}}},
          {"north", "e1", Forward{7, entry(0), {{"$share/g/a/+", "south"}, {"$share/h/#", "north"}}}},
          {"north", "e1", ClientMoved{"kitchen", "u1"}},
          {"north", "e1", Groups{true, 2, {{"$share/g/a/+", 3}, {"$share/h/#", 200}}}},
          {"north", "e1", Groups{false, 7, {}}}};
}

TEST(Envelope, RoundTripKeepsEveryField) {
  const Result<Message> back = decode(encode(samples()[0]));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->sender, "north");
  EXPECT_EQ(back->epoch, "e1");
  const auto& entries = std::get<Entries>(back->what);
  EXPECT_EQ(entries.room, 7);
  ASSERT_EQ(entries.entries.size(), 3U);
  const Entry& got = *entries.entries[1];
  const EntryPtr want = entry(6);
  EXPECT_EQ(got.room, want->room);
  EXPECT_EQ(got.seq, want->seq);
  EXPECT_EQ(got.ts, want->ts);
  EXPECT_EQ(got.type, want->type);
  EXPECT_EQ(got.payload, want->payload);
  EXPECT_EQ(got.edited, want->edited);
  EXPECT_EQ(got.deleted, want->deleted);
  EXPECT_EQ(got.target, want->target);
  EXPECT_EQ(got.messages, want->messages);
  EXPECT_EQ(got.user_id, want->user_id);
  EXPECT_EQ(got.user_name, want->user_name);
  EXPECT_EQ(got.cid, want->cid);
  EXPECT_EQ(got.body, want->body);
  EXPECT_EQ(got.content_type, want->content_type);
  EXPECT_EQ(got.properties, want->properties);
  EXPECT_EQ(got.expires, want->expires);
}

TEST(Envelope, EncodingADecodedMessageGivesTheSameBytes) {
  for (const Message& message : samples()) {
    const std::string bytes = encode(message);
    const Result<Message> back = decode(bytes);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(encode(*back), bytes);
  }
}

TEST(Envelope, EveryCutIsRefused) {
  for (const Message& message : samples()) {
    const std::string bytes = encode(message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode(std::string_view(bytes).substr(0, size)).ok()) << size << " of " << bytes.size();
    }
    EXPECT_FALSE(decode(bytes + "x").ok());
  }
}

TEST(Envelope, OtherVersionsKindsAndOrdersAreRefused) {
  std::string bytes = encode(samples()[3]);
  bytes[0] = 4;
  EXPECT_FALSE(decode(bytes).ok());
  bytes[0] = 3;
  bytes[1] = 99;
  EXPECT_FALSE(decode(bytes).ok());
  EXPECT_FALSE(decode(encode({"n", "e", Entries{7, {entry(6), entry(5)}}})).ok());
  EXPECT_FALSE(decode(std::string("\x03\x01\x00\x00\x07\xff\xff\xff\xff\x0f", 10)).ok()) << "a count without elements";
}

TEST(Envelope, RandomDamageNeverCrashes) {
  fakes::SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = encode(samples()[random.next() % samples().size()]);
    for (std::uint64_t n = 1 + random.next() % 4; n > 0; --n) {
      bytes[random.next() % bytes.size()] = static_cast<char>(random.next());
    }
    const Result<Message> message = decode(bytes);
    if (message) {
      EXPECT_TRUE(decode(encode(*message)).ok());
    }
    static_cast<void>(decode_here(bytes));
  }
}

TEST(Envelope, PresenceRoundTrip) {
  const Here here{1'764'000'000'000, 300, {{"u_ada", "ada"}, {"g_1", "guest"}}};
  const std::string bytes = encode_here(here);
  const Result<Here> back = decode_here(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->expires, here.expires);
  EXPECT_EQ(back->count, here.count);
  EXPECT_EQ(back->people, here.people);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_here(std::string_view(bytes).substr(0, size)).ok());
  }
}

}  // namespace
}  // namespace parley::envelope
