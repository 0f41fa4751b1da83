// Rooms, members, messages, marks, signals and presence, through the router.

#include "http/api/openapi.h"
#include "tests/unit/api/api_fixture.h"

namespace parley::api::test {
namespace {

using http::Method;

class RoomsApi : public testing::Test {
 protected:
  RoomsApi() {
    ada = server.sign_up("ada");
    grace = server.sign_up("grace");
  }
  Answer make_room(const std::string& body) { return server.post("/rooms", ada, body); }
  Answer say(const std::string& text, const std::string& cid = {}) {
    return server.post("/rooms/team%2Fdev/messages", ada,
                       R"({"body":{"text":")" + text + "\"}" + (cid.empty() ? "" : R"(,"cid":")" + cid + "\"") + "}");
  }

  Server server;
  std::string ada;
  std::string grace;
};

TEST_F(RoomsApi, InfoIsOpenToAll) {
  const Answer info = server.get("/info");
  EXPECT_EQ(info.status, 200);
  EXPECT_EQ(info.body, R"({"version":")" PARLEY_VERSION
                       R"(","anonymous":false,"registration":true,"limits":{"frame_bytes":65536,"body_bytes":65536,)"
                       R"("window":1024,"window_bytes":1048576,"subscriptions":1000,"inflight":256}})");
  const Answer document = server.get("/openapi.json");
  EXPECT_EQ(document.status, 200);
  EXPECT_EQ(document.header("Content-Type"), "application/json");
  EXPECT_EQ(document.body, openapi_document());
}

TEST_F(RoomsApi, ARoomIsMadeAndSeen) {
  const Answer made = make_room(R"({"name":"team/dev","title":"Development","keep":"acked"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.text("name"), "team/dev");
  EXPECT_EQ(made.header("Location"), "/api/v1/rooms/team%2Fdev");
  EXPECT_EQ(make_room(R"({"name":"é-._~ %?"})").header("Location"), "/api/v1/rooms/%C3%A9-._~%20%25%3F");
  EXPECT_EQ(made.text("title"), "Development");
  EXPECT_EQ(made.text("visibility"), "public");
  EXPECT_EQ(made.text("keep"), "acked");
  EXPECT_EQ(made.text("role"), "owner");
  EXPECT_EQ(made.text("epoch"), "memory");
  EXPECT_EQ(made.number("members"), 1U);
  EXPECT_EQ(make_room(R"({"name":"team/dev"})").status, 409);
  const Answer seen = server.get("/rooms/team%2Fdev", grace);
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.text("role"), "guest");
  EXPECT_EQ(server.get("/rooms/team%2Fqa", grace).status, 404);
}

TEST_F(RoomsApi, PrivateRoomsAreForMembers) {
  ASSERT_EQ(make_room(R"({"name":"secret","visibility":"private"})").status, 201);
  for (const char* path : {"/rooms/secret", "/rooms/secret/members", "/rooms/secret/messages", "/rooms/secret/presence"}) {
    EXPECT_EQ(server.get(path, grace).status, 403) << path;
  }
  EXPECT_EQ(server.ask(Method::post, "/rooms/secret/join", {.token = grace}).status, 403);
  EXPECT_EQ(server.put("/rooms/secret/members/@grace", ada, R"({"role":"member"})").status, 200);
  EXPECT_EQ(server.get("/rooms/secret", grace).text("role"), "member");
}

TEST_F(RoomsApi, AreListedByPage) {
  for (const char* name : {"a", "b", "c", "d"}) ASSERT_EQ(make_room(R"({"name":")" + std::string(name) + "\"}").status, 201);
  const Answer first = server.get("/rooms?limit=3", ada);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.text("next"), "c");
  const Answer second = server.get("/rooms?limit=3&after=c", ada);
  EXPECT_FALSE(second.object().has("next"));
  EXPECT_NE(second.body.find(R"("name":"d")"), std::string::npos);
  EXPECT_EQ(server.get("/rooms", grace).body, R"({"rooms":[]})");
  const Answer found = server.get("/rooms?scope=public&q=B", grace);
  EXPECT_NE(found.body.find(R"("name":"b")"), std::string::npos) << found.body;
  EXPECT_EQ(found.body.find(R"("name":"a")"), std::string::npos);
  EXPECT_EQ(server.get("/rooms?scope=other", ada).status, 400);
}

TEST_F(RoomsApi, SettingsAreTheOwners) {
  make_room(R"({"name":"team/dev"})");
  const Answer changed = server.patch("/rooms/team%2Fdev", ada, R"({"title":"Dev","visibility":"private","keep":"acked"})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.text("title"), "Dev");
  EXPECT_EQ(changed.text("visibility"), "private");
  EXPECT_EQ(changed.text("keep"), "acked");
  EXPECT_EQ(server.patch("/rooms/team%2Fdev", ada, R"({"title":""})").text("title"), "");
  EXPECT_EQ(server.patch("/rooms/team%2Fdev", grace, R"({"title":"Mine"})").status, 403);
}

TEST_F(RoomsApi, PeopleJoinAndLeave) {
  make_room(R"({"name":"team/dev"})");
  const Answer joined = server.ask(Method::post, "/rooms/team%2Fdev/join", {.token = grace});
  ASSERT_EQ(joined.status, 200) << joined.body;
  EXPECT_EQ(joined.text("role"), "member");
  EXPECT_EQ(joined.number("members"), 2U);
  const Answer left = server.ask(Method::post, "/rooms/team%2Fdev/leave", {.token = grace});
  EXPECT_EQ(left.status, 204);
  EXPECT_EQ(left.body, "");
  EXPECT_EQ(server.get("/rooms/team%2Fdev", grace).text("role"), "guest");
  EXPECT_EQ(server.ask(Method::post, "/rooms/team%2Fdev/leave", {.token = grace}).status, 403);
}

TEST_F(RoomsApi, MembersArePromotedBannedAndKicked) {
  make_room(R"({"name":"team/dev"})");
  const Answer invited = server.put("/rooms/team%2Fdev/members/@Grace", ada, R"({"role":"moderator"})");
  ASSERT_EQ(invited.status, 200) << invited.body;
  EXPECT_EQ(invited.text("name"), "grace");
  EXPECT_EQ(invited.text("role"), "moderator");
  const std::string id = invited.text("id");
  const Answer members = server.get("/rooms/team%2Fdev/members?limit=1", ada);
  EXPECT_TRUE(members.object().has("next")) << members.body;
  EXPECT_EQ(server.get("/rooms/team%2Fdev/members?limit=1&after=" + members.text("next"), ada).status, 200);
  EXPECT_EQ(server.put("/rooms/team%2Fdev/members/@ada", grace, R"({"role":"banned"})").status, 403);
  EXPECT_EQ(server.put("/rooms/team%2Fdev/members/@ada", ada, R"({"role":"member"})").status, 409) << "the last owner";
  EXPECT_EQ(server.put("/rooms/team%2Fdev/members/" + id, ada, R"({"role":"banned"})").text("role"), "banned");
  EXPECT_EQ(server.get("/rooms/team%2Fdev", grace).status, 403);
  EXPECT_EQ(server.remove("/rooms/team%2Fdev/members/" + id, ada).status, 204);
  EXPECT_EQ(server.get("/rooms/team%2Fdev", grace).status, 200) << "the ban is lifted";
  EXPECT_EQ(server.put("/rooms/team%2Fdev/members/@nobody", ada, R"({"role":"member"})").status, 404);
  EXPECT_EQ(server.put("/rooms/team%2Fdev/members/u_nobody", ada, R"({"role":"member"})").status, 404);
}

TEST_F(RoomsApi, MessagesArePublishedAndRead) {
  make_room(R"({"name":"team/dev"})");
  const Answer first = say("hi", "c-1");
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(first.number("ts"), static_cast<std::uint64_t>(server.clock.unix_ms()));
  EXPECT_EQ(say("two").number("seq"), first.number("seq") + 1);
  const Answer page = server.get("/rooms/team%2Fdev/messages", grace);
  ASSERT_EQ(page.status, 200) << page.body;
  EXPECT_NE(page.body.find(R"({"room":"team/dev","seq":)" + std::to_string(first.number("seq")) +
                           R"(,"type":"message","from":"ada","uid":"u_)"),
            std::string::npos)
      << page.body;
  EXPECT_NE(page.body.find(R"("cid":"c-1")"), std::string::npos);
  EXPECT_NE(page.body.find(R"("body":{"text":"hi"})"), std::string::npos);
  EXPECT_EQ(page.number("as_of"), first.number("seq") + 1);
  EXPECT_EQ(page.text("epoch"), "memory");
}

TEST_F(RoomsApi, ARepeatedCidIsTheSameMessage) {
  make_room(R"({"name":"team/dev"})");
  const Answer first = say("hi", "c-1");
  const Answer again = say("hi", "c-1");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.number("seq"), first.number("seq"));
  EXPECT_EQ(again.object().boolean("duplicate").value(), true);
  EXPECT_EQ(say("other", "c-1").status, 409);
}

TEST_F(RoomsApi, MessagesAreEditedReactedToAndDeleted) {
  make_room(R"({"name":"team/dev"})");
  const std::string seq = std::to_string(say("hi").number("seq"));
  const std::string path = "/rooms/team%2Fdev/messages/" + seq;
  EXPECT_EQ(server.patch(path, grace, R"({"body":{"text":"mine"}})").status, 403);
  EXPECT_EQ(server.patch(path, ada, R"({"body":{"text":"hello"},"cid":"e-1"})").status, 200);
  EXPECT_EQ(server.patch(path, ada, R"({"body":{"text":"hello"},"cid":"e-1"})").object().boolean("duplicate").value(), true);
  const std::string react = R"({"type":"reaction","target":)" + seq + R"(,"body":{"key":"+1","on":true}})";
  EXPECT_EQ(server.post("/rooms/team%2Fdev/messages", grace, react).status, 201);
  const Answer page = server.get("/rooms/team%2Fdev/messages?limit=1", grace);
  EXPECT_NE(page.body.find(R"("edited":true)"), std::string::npos) << page.body;
  EXPECT_NE(page.body.find(R"("body":{"text":"hello"},"reactions":[{"key":"+1","count":1,"mine":true,"names":["grace"]}]})"),
            std::string::npos)
      << page.body;
  EXPECT_EQ(server.remove(path, grace).status, 403);
  EXPECT_EQ(server.remove(path, ada).status, 200);
  const Answer gone = server.get("/rooms/team%2Fdev/messages", ada);
  EXPECT_NE(gone.body.find(R"("deleted":true,"body":{}})"), std::string::npos) << gone.body;
  EXPECT_EQ(gone.body.find("hello"), std::string::npos);
  EXPECT_EQ(server.remove(path, ada).status, 404);
}

TEST_F(RoomsApi, HistoryWalksBothWays) {
  make_room(R"({"name":"team/dev"})");
  std::vector<std::uint64_t> seqs;
  for (int i = 0; i < 5; ++i) seqs.push_back(say("m" + std::to_string(i)).number("seq"));
  const Answer newest = server.get("/rooms/team%2Fdev/messages?limit=2", ada);
  EXPECT_NE(newest.body.find("m4"), std::string::npos);
  EXPECT_EQ(newest.body.find("m2"), std::string::npos);
  EXPECT_EQ(newest.object().boolean("more").value(), true);
  const Answer before = server.get("/rooms/team%2Fdev/messages?limit=2&before=" + std::to_string(seqs[3]), ada);
  EXPECT_NE(before.body.find("m1"), std::string::npos);
  EXPECT_NE(before.body.find("m2"), std::string::npos);
  EXPECT_EQ(before.body.find("m3"), std::string::npos);
  const Answer after = server.get("/rooms/team%2Fdev/messages?after=" + std::to_string(seqs[3]), ada);
  EXPECT_EQ(after.body.find("m3"), std::string::npos);
  EXPECT_NE(after.body.find("m4"), std::string::npos);
  EXPECT_EQ(after.object().boolean("more").value(), false);
  EXPECT_NE(server.get("/rooms/team%2Fdev/messages?after=0&limit=1", ada).body.find(R"("seq":1)"), std::string::npos);
}

TEST_F(RoomsApi, ReadMarksOnlyGrow) {
  make_room(R"({"name":"team/dev"})");
  server.ask(Method::post, "/rooms/team%2Fdev/join", {.token = grace});
  const std::uint64_t one = say("one").number("seq");
  const std::uint64_t two = say("two").number("seq");
  EXPECT_EQ(server.get("/rooms/team%2Fdev", grace).number("unread"), 2U);
  const Answer mark = server.put("/rooms/team%2Fdev/read", grace, R"({"seq":)" + std::to_string(one) + "}");
  EXPECT_EQ(mark.status, 200);
  EXPECT_EQ(mark.body, R"({"seq":)" + std::to_string(one) + R"(,"unread":1})");
  EXPECT_EQ(server.put("/rooms/team%2Fdev/read", grace, R"({"seq":0})").number("seq"), one);
  EXPECT_EQ(server.put("/rooms/team%2Fdev/read", grace, R"({"seq":9007199254740991})").number("seq"), two);
}

struct Listener final : Follower {
  void entries(std::vector<Run>) override {}
  void messages(std::vector<Run>) override {}
  void signal(SignalPtr signal) override { signals.push_back(std::move(signal)); }
  void rights_changed(const RoomInfo&, const std::string&, Role) override {}
  void pruned(RoomId, Seq) override {}
  void login_revoked(const std::string&) override {}
  void epoch_changed() override {}
  std::vector<SignalPtr> signals;
};

TEST_F(RoomsApi, SignalsReachThoseWhoAreThereAndPresenceNamesThem) {
  make_room(R"({"name":"team/dev"})");
  EXPECT_EQ(server.get("/rooms/team%2Fdev/presence", grace).body, R"({"count":0,"users":[]})");
  Listener listener;
  const FollowerId id = server.log.add_follower(listener);
  const SubjectPtr subject = server.tokens.verify(ada, server.clock.unix_ms())->subject;
  server.log.attach(id, subject, {"team/dev", false, 0, {}}, [](Result<Attached> attached) { EXPECT_TRUE(attached.ok()); });
  server.run();
  const Answer sent = server.post("/rooms/team%2Fdev/signals", grace, R"({"type":"typing","body":{"x":1}})");
  EXPECT_EQ(sent.status, 202);
  ASSERT_EQ(listener.signals.size(), 1U);
  EXPECT_EQ(listener.signals[0]->type, "typing");
  EXPECT_EQ(listener.signals[0]->body, R"({"x":1})");
  EXPECT_EQ(listener.signals[0]->user_name, "grace");
  const Answer presence = server.get("/rooms/team%2Fdev/presence", grace);
  EXPECT_EQ(presence.body, R"({"count":1,"users":[{"id":")" + subject->user_id + R"(","name":"ada"}]})");
}

TEST_F(RoomsApi, ADrainingServerReadsButWritesNoMore) {
  make_room(R"({"name":"team/dev"})");
  server.api.drain();
  EXPECT_EQ(server.get("/rooms/team%2Fdev", ada).status, 200);
  const Answer refused = say("late");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.text("code"), "unavailable");
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(refused.object().boolean("retry").value(), true);
}

TEST_F(RoomsApi, StorageThatFailsIsUnavailable) {
  make_room(R"({"name":"team/dev"})");
  server.store.fail_appends(1);
  const Answer refused = say("hi", "c-1");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(say("hi", "c-1").status, 201) << "the same cid again";
}

TEST(AnonymousApi, PublishesWithoutCredentialsWhereGuestsMay) {
  Server server({.guests = true});
  const Answer said = server.post("/rooms/bots/messages", {}, R"({"body":{"text":"beep"},"cid":"1"})");
  ASSERT_EQ(said.status, 201) << said.body;
  const Answer page = server.get("/rooms/bots/messages");
  EXPECT_NE(page.body.find(R"("from":"anonymous","uid":"g_anon")"), std::string::npos) << page.body;
  EXPECT_EQ(server.post("/rooms/bots/messages", {}, R"({"body":{"text":"beep"},"cid":"1"})").status, 200)
      << "one cid space for all of them";
  EXPECT_EQ(server.patch("/rooms/bots/messages/1", {}, R"({"body":{"text":"boop"}})").status, 403) << "perhaps another's";
  EXPECT_EQ(server.remove("/rooms/bots/messages/1", {}).status, 403);
  EXPECT_EQ(server.post("/rooms/bots/messages", {}, R"({"type":"delete","target":1})").status, 403);
  EXPECT_EQ(server.get("/me").status, 401);
  EXPECT_EQ(server.ask(Method::post, "/rooms/bots/join").status, 403);
  EXPECT_EQ(server.get("/rooms/bots/messages", "wrong").status, 401) << "a wrong token is not none";
}

TEST(AnonymousApi, NothingWithoutCredentialsElsewhere) {
  Server server;
  for (const Api::RouteInfo& route : server.api.routes()) {
    if (route.access == Api::Access::open || route.access == Api::Access::cookie) continue;
    std::string path = route.pattern.substr(std::string("/api/v1").size());
    const Answer none = server.ask(route.method, path);
    EXPECT_EQ(none.status, 401) << path;
    EXPECT_EQ(none.header("WWW-Authenticate"), R"(Bearer realm="parley")") << path;
    const Answer wrong = server.ask(route.method, path, {.token = "wrong"});
    EXPECT_EQ(wrong.status, 401) << path;
    EXPECT_EQ(wrong.header("WWW-Authenticate"), R"(Bearer realm="parley", error="invalid_token")") << path;
  }
}

}  // namespace
}  // namespace parley::api::test
