// Rooms, members and roles.

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"

namespace parley::contract {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names(const std::vector<RoomView>& views) {
  std::vector<std::string> out;
  for (const auto& view : views) out.push_back(view.room.name);
  return out;
}

RoomsQuery rooms_of(const std::string& user, bool mine = true) {
  RoomsQuery out;
  out.user_id = user;
  out.mine = mine;
  return out;
}

TEST_P(StoreContract, RoomsAreMadeOnceAndFoundByTheirBytes) {
  auto created = ask<RoomInfo>([&](Reply<RoomInfo> done) {
    store().create_room({"team/dev", "Développeurs", Visibility::closed, Keep::acked, "ada", "Ada"}, now, std::move(done));
  });
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(created->name, "team/dev");
  EXPECT_EQ(created->title, "Développeurs");
  EXPECT_EQ(created->visibility, Visibility::closed);
  EXPECT_EQ(created->keep, Keep::acked);
  EXPECT_EQ(created->created, now);
  EXPECT_EQ(created->head, 0U);
  EXPECT_EQ(created->floor, 1U);
  EXPECT_EQ(created->members, 1U);
  EXPECT_EQ(member(created->id, "ada")->role, Role::owner);
  EXPECT_EQ(member(created->id, "ada")->user_name, "Ada");

  const auto again = ask<RoomInfo>([&](Reply<RoomInfo> done) {
    store().create_room({"team/dev", "", Visibility::open, Keep::all, "", ""}, now, std::move(done));
  });
  EXPECT_EQ(again.error().code, Code::conflict);
  const auto find = [&](const std::string& name) {
    return ask<RoomInfo>([&](Reply<RoomInfo> done) { store().find_room(name, std::move(done)); });
  };
  EXPECT_EQ(find("team/dev")->id, created->id);
  EXPECT_EQ(find("Team/dev").error().code, Code::not_found);
  EXPECT_EQ(find("/team/dev").error().code, Code::not_found);

  for (const std::string& odd :
       {std::string("a\0b", 3), std::string("a"), std::string("\xff\xfe"), std::string(65535, 't'), std::string("комната/😀")}) {
    const RoomId id = make_room(odd);
    const auto found = find(odd);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->id, id);
    EXPECT_EQ(found->name, odd);
  }
}

TEST_P(StoreContract, MembershipsComeWithTheirEntries) {
  const RoomId room = make_room("a", Visibility::open, "owner");
  now += 10;
  ASSERT_TRUE(append_one(member_change(room, EntryType::join, "ada", Role::member)).ok());
  EXPECT_EQ(member(room, "ada")->role, Role::member);
  EXPECT_EQ(member(room, "ada")->joined, now);
  EXPECT_EQ(view(room, "ada").role, Role::member);
  EXPECT_EQ(view(room, "nobody").role, Role::guest);
  EXPECT_EQ(view(room, "ada").room.members, 2U);

  const UnixMs joined = now;
  now += 10;
  put(member_change(room, EntryType::member, "ada", Role::moderator));
  EXPECT_EQ(member(room, "ada")->role, Role::moderator);
  EXPECT_EQ(member(room, "ada")->joined, joined);
  EXPECT_EQ(view(room, "ada").room.members, 2U);

  put(member_change(room, EntryType::member, "ada", Role::banned));
  EXPECT_EQ(member(room, "ada")->role, Role::banned);
  EXPECT_EQ(view(room, "ada").room.members, 1U);
  EXPECT_TRUE(list(rooms_of("ada")).empty());

  put(member_change(room, EntryType::member, "ada", std::nullopt));
  EXPECT_EQ(member(room, "ada").error().code, Code::not_found);
  EXPECT_EQ(view(room, "ada").room.members, 1U);
  put(member_change(room, EntryType::join, "ada", Role::member));
  EXPECT_EQ(member(room, "ada")->joined, now);
  put(member_change(room, EntryType::leave, "ada", std::nullopt));
  put(member_change(room, EntryType::leave, "ada", std::nullopt));
  EXPECT_EQ(view(room, "ada").room.members, 1U);
}

TEST_P(StoreContract, ALiftedBanThatBecomesAMembershipStartsAnew) {
  const RoomId room = make_room("a");
  put(member_change(room, EntryType::member, "ada", Role::banned));
  now += 500;
  put(member_change(room, EntryType::join, "ada", Role::member));
  EXPECT_EQ(member(room, "ada")->joined, now);
  EXPECT_EQ(view(room, "ada").room.members, 1U);
}

TEST_P(StoreContract, SettingsComeWithTheirEntry) {
  const RoomId room = make_room("a");
  NewEntry change = message(room, "owner", "{}");
  change.type = EntryType::room;
  change.settings = RoomChange{"Title", std::nullopt, Keep::acked};
  put(change);
  EXPECT_EQ(view(room, "x").room.title, "Title");
  EXPECT_EQ(view(room, "x").room.visibility, Visibility::open);
  EXPECT_EQ(view(room, "x").room.keep, Keep::acked);
  change.settings = RoomChange{std::nullopt, Visibility::closed, std::nullopt};
  put(change);
  EXPECT_EQ(view(room, "x").room.title, "Title");
  EXPECT_EQ(view(room, "x").room.visibility, Visibility::closed);
}

TEST_P(StoreContract, MembersAreListedInPages) {
  const RoomId room = make_room("a");
  std::vector<NewEntry> batch;
  for (const char* user : {"d", "b", "a", "c", "e"}) batch.push_back(member_change(room, EntryType::join, user, Role::member));
  append(std::move(batch));
  put(member_change(room, EntryType::member, "c", Role::banned));
  const auto page = [&](const std::string& after, unsigned limit) {
    auto members = ask<std::vector<Member>>(
        [&](Reply<std::vector<Member>> done) { store().list_members(room, after, limit, std::move(done)); });
    std::string ids;
    for (const Member& each : *members) ids += each.user_id + (each.role == Role::banned ? "!" : "");
    return ids;
  };
  EXPECT_EQ(page("", 3), "abc!");
  EXPECT_EQ(page("c", 3), "de");
  EXPECT_EQ(page("e", 3), "");
}

TEST_P(StoreContract, RoomsAreListedFilteredAndPaged) {
  make_room("open/one", Visibility::open, "ada");
  make_room("open/Two", Visibility::open);
  make_room("open/three", Visibility::open);
  const RoomId secret = make_room("secret", Visibility::closed, "ada");
  NewEntry retitle = message(secret, "ada", "{}");
  retitle.type = EntryType::room;
  retitle.settings = RoomChange{"The TWO of us", std::nullopt, std::nullopt};
  put(retitle);
  put(message(secret, "bob", "unread"));

  EXPECT_THAT(names(list(rooms_of("ada"))), ElementsAre("open/one", "secret"));
  EXPECT_THAT(names(list(rooms_of("bob"))), ElementsAre());
  EXPECT_THAT(names(list(rooms_of("bob", false))), ElementsAre("open/Two", "open/one", "open/three"));
  RoomsQuery query = rooms_of("ada");
  query.contains = "two";
  EXPECT_THAT(names(list(query)), ElementsAre("secret"));
  query.mine = false;
  query.contains = "TWO";
  EXPECT_THAT(names(list(query)), ElementsAre("open/Two"));
  query.contains.clear();
  query.limit = 2;
  EXPECT_THAT(names(list(query)), ElementsAre("open/Two", "open/one"));
  query.after = "open/one";
  EXPECT_THAT(names(list(query)), ElementsAre("open/three"));

  const auto mine = list(rooms_of("ada"));
  EXPECT_EQ(mine[0].role, Role::owner);
  EXPECT_EQ(mine[1].unread, 1U);
  EXPECT_EQ(mine[1].room.head, 2U);
  EXPECT_EQ(list(rooms_of("bob", false))[0].role, Role::guest);
}

}  // namespace
}  // namespace parley::contract
