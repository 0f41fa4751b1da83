#include <gtest/gtest.h>

#include <map>
#include <set>

#include "broker/core/may.h"
#include "broker/core/tail.h"
#include "broker/core/topics.h"

namespace parley {
namespace {

using enum Action;

const std::set<Action> all = {see, read, publish, signal, edit,     remove_own, remove_any,
                              pin, join, leave,   invite, moderate, promote,    configure};

std::set<Action> allowed(const Subject& subject, Visibility visibility, Role role) {
  std::set<Action> out;
  for (const Action action : all) {
    if (may(subject, action, {visibility, role}).ok()) out.insert(action);
  }
  return out;
}

TEST(May, TheWholeTable) {
  const Subject user{"u_1", "ada", false, {}};
  const Subject guest{"g_1", "guest", true, {}};
  const std::set<Action> talk = {see, read, publish, signal, edit, remove_own};
  std::set<Action> outsider = talk;
  outsider.insert(join);
  std::set<Action> member = outsider;
  member.insert({leave, invite});
  std::set<Action> moderator = member;
  moderator.insert({remove_any, pin, moderate});

  EXPECT_EQ(allowed(user, Visibility::open, Role::guest), outsider);
  EXPECT_EQ(allowed(guest, Visibility::open, Role::guest), talk);
  for (const Visibility visibility : {Visibility::open, Visibility::closed}) {
    EXPECT_EQ(allowed(user, visibility, Role::banned), std::set<Action>{});
    EXPECT_EQ(allowed(user, visibility, Role::member), member);
    EXPECT_EQ(allowed(user, visibility, Role::moderator), moderator);
    EXPECT_EQ(allowed(user, visibility, Role::owner), all);
  }
  EXPECT_EQ(allowed(user, Visibility::closed, Role::guest), std::set<Action>{});
  EXPECT_EQ(allowed(guest, Visibility::closed, Role::guest), std::set<Action>{});

  EXPECT_TRUE(may(guest, create_public_room, {}).ok());
  EXPECT_FALSE(may(guest, create_private_room, {}).ok());
  EXPECT_TRUE(may(user, create_private_room, {}).ok());
}

TEST(RoomNames, AreTopicNames) {
  for (const char* good : {"general", "team/dev", "/a", "a/", "a//b", "/", "sensors/greenhouse/temp",
                           "Gr\xc3\xbc\xc3\x9f"
                           "e",
                           "a b", "a$b"}) {
    EXPECT_TRUE(check_room_name(good, 512, 32).ok()) << good;
  }
  for (const std::string_view bad : {std::string_view(""), std::string_view("a+"), std::string_view("#"),
                                     std::string_view("$SYS/x"), std::string_view("\xff"), std::string_view("a\0b", 3)}) {
    EXPECT_EQ(check_room_name(bad, 512, 32).error().code, Code::bad_request);
  }
  EXPECT_EQ(check_room_name(std::string(513, 'a'), 512, 32).error().code, Code::too_large);
  EXPECT_TRUE(check_room_name("1/2/3", 512, 3).ok());
  EXPECT_EQ(check_room_name("1/2/3/4", 512, 3).error().code, Code::too_large);
}

EntryPtr make(Seq seq, EntryType type, Seq target, const std::string& body) {
  auto entry = std::make_shared<Entry>();
  entry->seq = seq;
  entry->type = type;
  entry->target = target;
  entry->body = body;
  return entry;
}

TEST(Tail, IsBoundedByCountAndBytes) {
  Tail tail(4, 100'000);
  for (Seq seq = 1; seq <= 10; ++seq) tail.push(make(seq, EntryType::message, 0, "x"));
  EXPECT_EQ(tail.first(), 7U);
  EXPECT_EQ(tail.head(), 10U);
  Tail small(100, 2'000);
  for (Seq seq = 1; seq <= 10; ++seq) small.push(make(seq, EntryType::message, 0, std::string(900, 'x')));
  EXPECT_LE(small.bytes(), 2'000U);
  EXPECT_EQ(small.head(), 10U);
  small.push(make(11, EntryType::message, 0, std::string(9'000, 'x')));
  EXPECT_EQ(small.size(), 1U);
}

TEST(Tail, AnEditReplacesAndADeletionBlanksEditsToo) {
  Tail tail(10, 100'000);
  tail.push(make(1, EntryType::message, 0, "first"));
  tail.push(make(2, EntryType::edit, 1, "second"));
  EXPECT_EQ(tail.at(1)->body, "second");
  EXPECT_TRUE(tail.at(1)->edited);
  tail.push(make(3, EntryType::remove, 1, "{}"));
  EXPECT_EQ(tail.at(1)->body, "");
  EXPECT_TRUE(tail.at(1)->deleted);
  EXPECT_EQ(tail.at(2)->body, "");
  EXPECT_TRUE(tail.at(2)->deleted);
}

TEST(Tail, PruningDropsFromTheFront) {
  Tail tail(10, 100'000);
  for (Seq seq = 1; seq <= 5; ++seq) tail.push(make(seq, EntryType::message, 0, "x"));
  tail.drop_below(4);
  EXPECT_EQ(tail.first(), 4U);
  tail.drop_below(9);
  EXPECT_EQ(tail.size(), 0U);
  EXPECT_EQ(tail.head(), 8U);  // entries 6 to 8 were never here and never come
}

}  // namespace
}  // namespace parley
