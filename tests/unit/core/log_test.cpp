#include "broker/core/log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/core/world.h"

namespace parley {
namespace {

using testing_world::any_contains;
using testing_world::seqs;
using testing_world::World;

SubjectPtr user(const std::string& name) {
  return std::make_shared<Subject>(Subject{"u_" + name, name, false, SharedText("login_" + name)});
}
SubjectPtr guest() { return std::make_shared<Subject>(Subject{"g_1", "guest-1", true, {}}); }

class LogTest : public testing::Test {
 protected:
  LogTest() { restart({}); }

  void restart(LogSettings settings) {
    world = std::make_unique<World>(settings);
    for (const char* name : {"ada", "bob", "cleo"}) {
      world->store.create_account({std::string("u_") + name, name, "hash", 1}, [](Result<Nothing>) {});
    }
    world->run();
  }

  // Calls `f(reply)` and answers what it replied.
  template <typename T, typename F>
  Result<T> ask(F f) {
    std::optional<Result<T>> answer;
    f(Reply<T>([&answer](Result<T> result) { answer.emplace(std::move(result)); }));
    world->run();
    if (!answer) {
      ADD_FAILURE() << "no answer";
      return {Code::internal, "no answer"};
    }
    return std::move(*answer);
  }

  Result<Appended> publish(SubjectPtr subject, const std::string& room, EntryType type = EntryType::message, Seq target = 0) {
    return ask<Appended>([&](auto reply) {
      Publish entry;
      entry.room = room;
      entry.type = type;
      entry.target = target;
      entry.body = type == EntryType::reaction ? R"({"key":"x","on":true})" : R"({"on":true})";
      world->log.publish(subject, entry, std::move(reply));
    });
  }
  Result<RoomView> create(SubjectPtr subject, const std::string& room, Visibility visibility = Visibility::open) {
    return ask<RoomView>([&](auto reply) {
      NewRoom fresh;
      fresh.name = room;
      fresh.visibility = visibility;
      world->log.create_room(subject, fresh, std::move(reply));
    });
  }
  Result<RoomView> join(SubjectPtr subject, const std::string& room) {
    return ask<RoomView>([&](auto reply) { world->log.join(subject, room, std::move(reply)); });
  }
  Result<Nothing> leave(SubjectPtr subject, const std::string& room) {
    return ask<Nothing>([&](auto reply) { world->log.leave(subject, room, std::move(reply)); });
  }
  Result<Member> set_member(SubjectPtr subject, const std::string& room, const std::string& who, Role role) {
    return ask<Member>([&](auto reply) { world->log.set_member(subject, room, {who, "", role}, std::move(reply)); });
  }
  Result<Nothing> remove_member(SubjectPtr subject, const std::string& room, const std::string& who) {
    return ask<Nothing>([&](auto reply) { world->log.remove_member(subject, room, who, std::move(reply)); });
  }

  std::unique_ptr<World> world;
  SubjectPtr ada = user("ada");
  SubjectPtr bob = user("bob");
  SubjectPtr cleo = user("cleo");
};

template <typename T>
Code code(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result.ok() ? Code::internal : result.error().code;
}

// Whatever storage has answered by then, a publish does not overtake one that came before it, also while the room is being made.
TEST_F(LogTest, PublishesKeepTheirOrderWhileTheRoomIsMade) {
  for (int steps = 0; steps < 20; ++steps) {
    const std::string room = "fresh/" + std::to_string(steps);
    std::vector<Seq> seqs_of_ada;
    std::vector<Seq> seqs_of_bob;
    const auto send = [&](const SubjectPtr& subject, std::vector<Seq>& seqs) {
      Publish entry;
      entry.room = room;
      entry.body = "{}";
      const std::size_t index = seqs.size();
      seqs.push_back(0);
      world->log.publish(subject, entry, [&seqs, index](Result<Appended> result) { seqs[index] = result ? result->seq : 0; });
    };
    send(ada, seqs_of_ada);
    send(bob, seqs_of_bob);
    send(ada, seqs_of_ada);
    for (int i = 0; i < steps; ++i) world->log_executor.step();
    send(ada, seqs_of_ada);
    send(bob, seqs_of_bob);
    world->run();
    for (const std::vector<Seq>* sent : {&seqs_of_ada, &seqs_of_bob}) {
      EXPECT_GT(sent->front(), 0U);
      EXPECT_TRUE(std::is_sorted(sent->begin(), sent->end())) << testing::PrintToString(*sent) << " after " << steps << " steps";
    }
  }
}

TEST_F(LogTest, CreatingMakesAnOwnerAndTheNameIsTaken) {
  const auto made = create(ada, "den", Visibility::closed);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->role, Role::owner);
  EXPECT_EQ(code(create(bob, "den")), Code::conflict);
  EXPECT_EQ(code(create(ada, "a#")), Code::bad_request);
  EXPECT_EQ(code(create(guest(), "secret", Visibility::closed)), Code::forbidden);
  EXPECT_EQ(create(guest(), "open").value().role, Role::guest);
}

TEST_F(LogTest, AnUnknownRoomIsMadeByPublishingUnlessThatIsOff) {
  EXPECT_TRUE(publish(ada, "fresh").ok());
  LogSettings settings;
  settings.rooms.auto_create = false;
  restart(settings);
  EXPECT_EQ(code(publish(ada, "fresh")), Code::not_found);
}

TEST_F(LogTest, TwoThatMakeTheSameRoomAtOnceShareIt) {
  int answers = 0;
  for (const SubjectPtr& who : {ada, bob}) {
    Publish entry;
    entry.room = "fresh";
    entry.body = "{}";
    world->log.publish(who, entry, [&](Result<Appended> result) { answers += result.ok() ? 1 : 0; });
  }
  world->run();
  EXPECT_EQ(answers, 2);
  EXPECT_EQ(publish(ada, "fresh")->seq, 3U);
}

TEST_F(LogTest, APrivateRoomIsForItsMembers) {
  ASSERT_TRUE(create(ada, "den", Visibility::closed).ok());
  EXPECT_EQ(code(publish(bob, "den")), Code::forbidden);
  EXPECT_EQ(code(join(bob, "den")), Code::forbidden);
  EXPECT_EQ(set_member(ada, "den", "@bob", Role::member)->user_id, "u_bob");
  EXPECT_TRUE(publish(bob, "den").ok());
  ASSERT_TRUE(leave(bob, "den").ok());
  EXPECT_EQ(code(publish(bob, "den")), Code::forbidden);
}

TEST_F(LogTest, JoinAndLeaveAreEntries) {
  ASSERT_TRUE(create(ada, "general").ok());
  EXPECT_EQ(join(bob, "general")->role, Role::member);
  EXPECT_EQ(join(bob, "general")->room.head, 1U);  // a second time changes nothing
  ASSERT_TRUE(leave(bob, "general").ok());
  EXPECT_EQ(code(leave(bob, "general")), Code::forbidden);
  const auto page = ask<LogPage>([&](auto reply) { world->log.read(1, 0, 10, 100'000, std::move(reply)); });
  ASSERT_EQ(page->entries.size(), 2U);
  EXPECT_EQ(page->entries[0]->type, EntryType::join);
  EXPECT_EQ(page->entries[1]->type, EntryType::leave);
}

TEST_F(LogTest, MembersChangeOnlyThoseBelowThem) {
  ASSERT_TRUE(create(ada, "general").ok());
  ASSERT_TRUE(join(bob, "general").ok());
  ASSERT_TRUE(join(cleo, "general").ok());
  EXPECT_EQ(code(set_member(bob, "general", "u_cleo", Role::moderator)), Code::forbidden);
  EXPECT_TRUE(set_member(ada, "general", "u_bob", Role::moderator).ok());
  EXPECT_EQ(code(set_member(bob, "general", "u_ada", Role::banned)), Code::forbidden);
  EXPECT_TRUE(set_member(bob, "general", "u_cleo", Role::banned).ok());
  EXPECT_EQ(code(publish(cleo, "general")), Code::forbidden);
  EXPECT_EQ(code(join(cleo, "general")), Code::forbidden);
  EXPECT_TRUE(remove_member(bob, "general", "u_cleo").ok());
  EXPECT_TRUE(publish(cleo, "general").ok());
  EXPECT_EQ(code(remove_member(bob, "general", "u_cleo")), Code::not_found);
  EXPECT_EQ(code(set_member(ada, "general", "@nobody", Role::member)), Code::not_found);
}

TEST_F(LogTest, APlainMemberDoesNotLiftABan) {
  ASSERT_TRUE(create(ada, "general").ok());
  ASSERT_TRUE(join(bob, "general").ok());
  ASSERT_TRUE(set_member(ada, "general", "u_cleo", Role::banned).ok());
  EXPECT_EQ(code(set_member(bob, "general", "u_cleo", Role::member)), Code::forbidden);
}

TEST_F(LogTest, TheLastOwnerCannotStepDown) {
  ASSERT_TRUE(create(ada, "general").ok());
  EXPECT_EQ(code(set_member(ada, "general", "u_ada", Role::member)), Code::conflict);
  ASSERT_TRUE(set_member(ada, "general", "u_bob", Role::owner).ok());
  EXPECT_TRUE(set_member(ada, "general", "u_ada", Role::member).ok());
}

TEST_F(LogTest, OnlyAuthorsEditAndModeratorsDeleteAnybodys) {
  ASSERT_TRUE(create(ada, "general").ok());
  ASSERT_TRUE(publish(bob, "general").ok());
  EXPECT_EQ(code(publish(ada, "general", EntryType::edit, 1)), Code::forbidden);
  EXPECT_EQ(code(publish(cleo, "general", EntryType::remove, 1)), Code::forbidden);
  EXPECT_EQ(code(publish(cleo, "general", EntryType::pin, 1)), Code::forbidden);
  EXPECT_EQ(code(publish(bob, "general", EntryType::edit, 99)), Code::not_found);
  EXPECT_TRUE(publish(bob, "general", EntryType::edit, 1).ok());
  EXPECT_TRUE(publish(cleo, "general", EntryType::reaction, 1).ok());
  EXPECT_TRUE(publish(ada, "general", EntryType::pin, 1).ok());
  EXPECT_TRUE(publish(ada, "general", EntryType::remove, 1).ok());
  EXPECT_EQ(code(publish(bob, "general", EntryType::edit, 1)), Code::not_found);
}

TEST_F(LogTest, ABanDetachesTheLiveCursor) {
  ASSERT_TRUE(create(ada, "general").ok());
  auto bobs = world->client(1, "bob");
  world->subscribe(*bobs, "general");
  ASSERT_TRUE(set_member(ada, "general", "u_bob", Role::banned).ok());
  EXPECT_TRUE(any_contains(bobs->heard(), R"({"room":"general","detached":{"code":"forbidden")"));
  ASSERT_TRUE(publish(ada, "general").ok());
  EXPECT_TRUE(bobs->heard().empty());
  EXPECT_TRUE(any_contains(world->ask(*bobs, R"({"op":"subscribe","id":2,"room":"general"})"), R"("code":"forbidden")"));
}

TEST_F(LogTest, ARoomThatBecomesPrivateDetachesOutsiders) {
  ASSERT_TRUE(create(ada, "general").ok());
  auto adas = world->client(0, "ada");
  auto bobs = world->client(1, "bob");
  world->subscribe(*adas, "general");
  world->subscribe(*bobs, "general");
  RoomChange change;
  change.visibility = Visibility::closed;
  const auto view = ask<RoomView>([&](auto reply) { world->log.configure_room(ada, "general", change, std::move(reply)); });
  EXPECT_EQ(view->room.visibility, Visibility::closed);
  EXPECT_TRUE(any_contains(bobs->heard(), "detached"));
  EXPECT_FALSE(any_contains(adas->heard(), "detached"));
  EXPECT_EQ(code(ask<RoomView>([&](auto reply) { world->log.configure_room(bob, "general", change, std::move(reply)); })),
            Code::forbidden);
}

TEST_F(LogTest, AFullQueueIsUnavailable) {
  LogSettings settings;
  settings.batches.queue_entries = 2;
  restart(settings);
  ASSERT_TRUE(publish(ada, "general").ok());
  world->store.hold_commits();
  int unavailable = 0;
  for (int i = 0; i < 5; ++i) {
    Publish entry;
    entry.room = "general";
    entry.body = "{}";
    world->log.publish(
        ada, entry, [&](Result<Appended> result) { unavailable += !result && result.error().code == Code::unavailable ? 1 : 0; });
  }
  world->run();
  EXPECT_EQ(unavailable, 2);  // one is being committed, two wait
  world->store.release_commits();
  world->run();
}

TEST_F(LogTest, BehindACommitThatCannotBeSettledNothingWaits) {
  ASSERT_TRUE(publish(ada, "general").ok());
  world->store.hold_commits();
  std::vector<std::string> said;
  const auto send = [&] {
    Publish entry;
    entry.room = "general";
    entry.body = "{}";
    world->log.publish(ada, entry, [&](Result<Appended> result) { said.push_back(result ? "ok" : "unavailable"); });
    world->run();
  };
  send();
  send();
  EXPECT_EQ(said, (std::vector<std::string>{}));
  world->store.set_available(false);
  send();
  EXPECT_EQ(said, (std::vector<std::string>{"unavailable"})) << "refused at once";
  world->log.tick();
  world->run();
  EXPECT_EQ(said, (std::vector<std::string>{"unavailable", "unavailable"})) << "what waited before is refused, too";
  world->store.set_available(true);
  world->store.release_commits();
  world->run();
  EXPECT_EQ(said, (std::vector<std::string>{"unavailable", "unavailable", "ok"}))
      << "what was under way is answered by its outcome";
}

// Only what storage had begun may be there all the same; its publishers are told so when they have waited long enough.
TEST_F(LogTest, ACommitInDoubtIsAnsweredInTheEndAndItsEntriesStillDelivered) {
  auto adas = world->client(0, "ada");
  world->subscribe(*adas, "general");
  std::vector<std::string> said;
  const auto send = [&](const std::string& cid) {
    Publish entry;
    entry.room = "general";
    entry.cid = cid;
    entry.body = R"({"text":"x"})";
    world->log.publish(ada, entry, [&said, cid](Result<Appended> result) {
      said.push_back(cid + " " + (result ? std::to_string(result->seq) : result.error().message));
    });
    world->run();
  };
  world->store.hold_commits();
  send("begun");
  send("waits");
  world->store.set_available(false);
  world->log.tick();
  EXPECT_EQ(world->log.counters().in_doubt.get(), 1);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_TRUE(said[0].starts_with("waits storage cannot be reached")) << said[0];
  world->clock.tick(59'999);
  world->log.tick();
  EXPECT_EQ(said.size(), 1U);
  world->clock.tick(1);
  world->log.tick();
  ASSERT_EQ(said.size(), 2U);
  EXPECT_TRUE(said[1].starts_with("begun the outcome is unknown")) << said[1];
  EXPECT_EQ(world->log.counters().in_doubt.get(), 0);
  EXPECT_EQ(world->log.counters().doubts_given_up.get(), 1U);
  world->log.tick();
  EXPECT_EQ(said.size(), 2U);
  // It was committed after all: subscribers get it, and a repeat is a duplicate.
  world->store.set_available(true);
  world->store.release_commits();
  world->run();
  EXPECT_EQ(seqs(adas->heard()), (std::vector<Seq>{1}));
  send("begun");
  EXPECT_EQ(said.back(), "begun 1");
}

TEST_F(LogTest, AnOversizedBodyIsRefused) {
  Publish entry;
  entry.room = "general";
  entry.body = std::string(65'537, ' ');
  EXPECT_EQ(code(ask<Appended>([&](auto reply) { world->log.publish(ada, entry, std::move(reply)); })), Code::too_large);
}

TEST_F(LogTest, RoomsNobodyFollowsAreLetGoAndComeBackWhole) {
  LogSettings settings;
  settings.rooms.cached = 10;
  restart(settings);
  for (int round = 1; round <= 2; ++round) {
    for (int i = 0; i < 40; ++i) EXPECT_EQ(publish(ada, "room-" + std::to_string(i))->seq, static_cast<Seq>(round)) << i;
  }
  world->log.tick();
  EXPECT_LE(world->log.counters().rooms_loaded.get(), 11);
}

TEST_F(LogTest, SignalsFromRestNeedTheRight) {
  ASSERT_TRUE(create(ada, "den", Visibility::closed).ok());
  auto adas = world->client(0, "ada");
  world->subscribe(*adas, "den");
  const auto send = [&](SubjectPtr who) {
    return ask<Nothing>([&](auto reply) { world->log.publish_signal(who, "den", "typing", "{}", std::move(reply)); });
  };
  EXPECT_EQ(code(send(bob)), Code::forbidden);
  EXPECT_TRUE(send(ada).ok());
  EXPECT_TRUE(any_contains(adas->heard(), R"("signal":"typing")"));
}

// What comes in one turn of the loop is one batch; without turns the first entry begins one.
TEST_F(LogTest, ATurnIsOneBatch) {
  for (const bool turns : {true, false}) {
    LogSettings settings;
    settings.batches.turns = turns;
    restart(settings);
    ASSERT_TRUE(create(user("ada"), "general").ok());
    const std::uint64_t commits = world->log.counters().commits.get();
    unsigned acked = 0;
    for (int i = 0; i < 5; ++i) {
      Publish entry;
      entry.room = "general";
      entry.body = "{}";
      world->log.publish(user("ada"), entry, [&](const Result<Appended>& result) { acked += result.ok() ? 1 : 0; });
    }
    world->run();
    EXPECT_EQ(acked, 5U);
    EXPECT_EQ(world->log.counters().commits.get() - commits, turns ? 1U : 2U);
  }
}

}  // namespace
}  // namespace parley
