#pragma once

// MqttStore of the embedded store: what changes something goes to the writer, and so shares its commits; the rest to the readers.

#include "storage/mqtt_store.h"
#include "storage/sqlite/readers.h"
#include "storage/sqlite/writer.h"

namespace parley::sqlite {

class SqliteMqtt final : public MqttStore {
 public:
  SqliteMqtt(Readers& readers, Writer& writer) : readers_(readers), writer_(writer) {}

  // No call is taken any more.
  void close() { closing_ = true; }

  void open_session(SessionOpening opening, UnixMs now, Reply<SessionOpened> done) override;
  void close_session(SessionKey session, std::optional<std::uint32_t> expiry_s, bool drop_will, UnixMs now,
                     Reply<std::vector<DueWill>> done) override;
  void find_session(std::string client_id, Reply<SessionInfo> done) override;
  void lost_sessions(std::vector<SessionKey> sessions, Reply<std::vector<SessionKey>> done) override;
  void renew_lease(std::string owner, UnixMs until, Reply<Nothing> done) override;
  void sweep(UnixMs now, unsigned rows_max, Reply<Swept> done) override;
  void due_wills(UnixMs now, unsigned limit, Reply<std::vector<DueWill>> done) override;
  void take_will(WillId will, Reply<Nothing> done) override;
  void subscribe(SessionKey session, MqttSubscription subscription, RoomsStep step, Reply<RoomsPage> done) override;
  void unsubscribe(SessionKey session, std::vector<std::string> filters, Reply<std::vector<bool>> done) override;
  void match_rooms(std::string filter, RoomsStep step, Reply<RoomsPage> done) override;
  void save(std::vector<SessionSave> saves, Reply<std::vector<Status>> done) override;
  void backlog(SessionKey session, RoomsStep step, Reply<RoomsPage> done) override;
  void claim(std::vector<ClaimRequest> requests, Reply<std::vector<Result<std::vector<SeqRange>>>> done) override;
  void claims(SessionKey session, Reply<std::vector<ShareClaims>> done) override;
  void share_backlog(std::string filter, RoomsStep step, Reply<RoomsPage> done) override;

 private:
  template <typename T, typename Work>
  void ask(Reply<T> done, Work work) {
    if (!closing_) readers_.submit<T>(std::move(done), std::move(work));
  }
  template <typename T, typename Work>
  void change(Reply<T> done, Work work) {
    if (!closing_) writer_.submit<T>(std::move(done), std::move(work));
  }

  Readers& readers_;
  Writer& writer_;
  bool closing_ = false;
};

}  // namespace parley::sqlite
