#pragma once

// What the contract tests of MqttStore have in common.

#include "storage/mqtt_store.h"
#include "tests/contract/store_contract.h"

namespace parley::contract {

class MqttContract : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    ASSERT_NE(store().mqtt(), nullptr);
    renew("here", now + 60'000);
  }

  MqttStore& mqtt() { return *store().mqtt(); }

  void renew(const std::string& owner, UnixMs until) {
    EXPECT_TRUE(ask<Nothing>([&](Reply<Nothing> done) { mqtt().renew_lease(owner, until, std::move(done)); }).ok());
  }
  static SessionOpening opening(const std::string& client_id, std::uint32_t expiry_s = 3600) {
    SessionOpening opening;
    opening.client_id = client_id;
    opening.user_id = "u";
    opening.owner = "here";
    opening.expiry_s = expiry_s;
    return opening;
  }
  Result<SessionOpened> try_open(SessionOpening wanted) {
    return ask<SessionOpened>([&](Reply<SessionOpened> done) { mqtt().open_session(wanted, now, std::move(done)); });
  }
  SessionOpened open(SessionOpening wanted) {
    auto opened = try_open(std::move(wanted));
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? std::move(*opened) : SessionOpened();
  }
  SessionOpened open(const std::string& client_id) { return open(opening(client_id)); }
  Result<std::vector<DueWill>> close(SessionKey key, std::optional<std::uint32_t> expiry_s = std::nullopt,
                                     bool drop_will = false) {
    return ask<std::vector<DueWill>>(
        [&](Reply<std::vector<DueWill>> done) { mqtt().close_session(key, expiry_s, drop_will, now, std::move(done)); });
  }
  Result<SessionInfo> find(const std::string& client_id) {
    return ask<SessionInfo>([&](Reply<SessionInfo> done) { mqtt().find_session(client_id, std::move(done)); });
  }
  Swept sweep(unsigned rows_max = 1000) {
    auto swept = ask<Swept>([&](Reply<Swept> done) { mqtt().sweep(now, rows_max, std::move(done)); });
    EXPECT_TRUE(swept.ok());
    return swept.ok() ? std::move(*swept) : Swept();
  }
  std::vector<DueWill> due(unsigned limit = 100) {
    auto wills =
        ask<std::vector<DueWill>>([&](Reply<std::vector<DueWill>> done) { mqtt().due_wills(now, limit, std::move(done)); });
    EXPECT_TRUE(wills.ok());
    return wills.ok() ? std::move(*wills) : std::vector<DueWill>();
  }
  static MqttWill will(const std::string& body, std::uint32_t delay_s = 0) {
    MqttWill will;
    will.topic = "wills";
    will.body = body;
    will.delay_s = delay_s;
    will.user_id = will.user_name = "u";
    return will;
  }

  static MqttSubscription at(const std::string& filter, mqtt::QoS qos = mqtt::QoS::at_least_once) {
    MqttSubscription subscription;
    subscription.filter = filter;
    subscription.qos = qos;
    return subscription;
  }
  // Follows the pages to their end.
  template <typename Call>
  std::vector<MatchedRoom> pages(Call call, bool retained = false, unsigned rooms_max = 1000) {
    std::vector<MatchedRoom> out;
    RoomsStep step;
    step.rooms_max = rooms_max;
    step.retained = retained;
    step.now = now;
    for (int guard = 0; guard < 1000; ++guard) {
      auto page = ask<RoomsPage>([&](Reply<RoomsPage> done) { call(step, std::move(done)); });
      EXPECT_TRUE(page.ok()) << page.error().message;
      if (!page.ok()) return out;
      out.insert(out.end(), page->rooms.begin(), page->rooms.end());
      if (page->done) return out;
      step.after = page->next;
    }
    ADD_FAILURE() << "the pages have no end";
    return out;
  }
  std::vector<MatchedRoom> subscribe(SessionKey key, const MqttSubscription& subscription, bool retained = false,
                                     unsigned rooms_max = 1000) {
    return pages(
        [&](const RoomsStep& step, Reply<RoomsPage> done) { mqtt().subscribe(key, subscription, step, std::move(done)); },
        retained, rooms_max);
  }
  std::vector<bool> unsubscribe(SessionKey key, const std::vector<std::string>& filters) {
    auto known =
        ask<std::vector<bool>>([&](Reply<std::vector<bool>> done) { mqtt().unsubscribe(key, filters, std::move(done)); });
    EXPECT_TRUE(known.ok());
    return known.ok() ? *known : std::vector<bool>();
  }
  std::vector<MatchedRoom> match(const std::string& filter, bool retained = false, unsigned rooms_max = 1000) {
    return pages([&](const RoomsStep& step, Reply<RoomsPage> done) { mqtt().match_rooms(filter, step, std::move(done)); },
                 retained, rooms_max);
  }
  std::vector<MatchedRoom> backlog(SessionKey key, unsigned rooms_max = 1000) {
    return pages([&](const RoomsStep& step, Reply<RoomsPage> done) { mqtt().backlog(key, step, std::move(done)); }, false,
                 rooms_max);
  }
  std::vector<MatchedRoom> share_backlog(const std::string& filter) {
    return pages([&](const RoomsStep& step, Reply<RoomsPage> done) { mqtt().share_backlog(filter, step, std::move(done)); });
  }
  Status save(SessionSave wanted) {
    std::vector<SessionSave> saves;
    saves.push_back(std::move(wanted));
    auto saved =
        ask<std::vector<Status>>([&](Reply<std::vector<Status>> done) { mqtt().save(std::move(saves), std::move(done)); });
    EXPECT_TRUE(saved.ok());
    return saved.ok() ? saved->front() : Status(saved.error());
  }
  Result<std::vector<SeqRange>> claim(SessionKey key, const std::string& filter, RoomId room, unsigned entries_max) {
    using Answer = std::vector<Result<std::vector<SeqRange>>>;
    auto answer = ask<Answer>([&](Reply<Answer> done) { mqtt().claim({{key, filter, room, entries_max}}, std::move(done)); });
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? answer->front() : Result<std::vector<SeqRange>>(answer.error());
  }
  std::vector<ShareClaims> claims(SessionKey key) {
    auto held = ask<std::vector<ShareClaims>>([&](Reply<std::vector<ShareClaims>> done) { mqtt().claims(key, std::move(done)); });
    EXPECT_TRUE(held.ok());
    return held.ok() ? *held : std::vector<ShareClaims>();
  }

  static SessionSave cursor(SessionKey key, RoomId room, Seq low, std::vector<Seq> above = {}) {
    SessionSave save;
    save.session = key;
    save.cursors.push_back({room, low, std::move(above)});
    return save;
  }
  static NewEntry inbound(RoomId room, SessionKey key, std::uint16_t packet_id, const std::string& body) {
    NewEntry entry = message(room, "u", body);
    entry.inbound = InboundPacket{key, packet_id};
    return entry;
  }
  static NewEntry retained(RoomId room, const std::string& body, UnixMs expires = 0) {
    NewEntry entry = message(room, "u", body);
    entry.retain = true;
    entry.expires = expires;
    return entry;
  }
  void fill(RoomId room, int count) {
    std::vector<NewEntry> batch;
    for (int i = 0; i < count; ++i) batch.push_back(message(room, "u", "{}"));
    append(std::move(batch));
  }
  static std::vector<std::string> names(const std::vector<MatchedRoom>& rooms) {
    std::vector<std::string> out;
    for (const MatchedRoom& room : rooms) out.push_back(room.name);
    return out;
  }
  template <typename T>
  static bool is_lost(const Result<T>& result) {
    return !result.ok() && is_session_lost(result.error());
  }
};

}  // namespace parley::contract
