#include "tests/contract/power_cut.h"

#include <map>
#include <set>

#include "storage/mqtt_store.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/contract/pump_executor.h"
#include "tests/contract/temp_folder.h"

namespace parley::contract {

namespace {

constexpr int rooms = 3;
constexpr std::size_t batches_in_flight = 6;

// The sender's name for the entry, which its body begins with.
std::string name_of(const std::string& body) { return body.substr(0, body.find('x')); }

// One store under load until the power goes, and what was promised by then.
class Load {
 public:
  Load(const PowerCutPlan& plan, std::uint64_t seed, PowerCutVfs& vfs, const std::string& path) : random_(seed), vfs_(vfs) {
    SqliteSettings settings;
    settings.path = path;
    settings.vfs = vfs.name();
    settings.synchronous = plan.synchronous;
    settings.checkpoint_pages = 30;  // often, so that the power goes during checkpoints too
    settings.wal_pages_max = 120;
    settings.readers = 1;
    auto opened = open_sqlite(settings, executor_);
    if (opened.ok()) store_ = std::move(*opened);
  }

  bool make_rooms() {
    int made = 0;
    for (int i = 0; store_ != nullptr && i < rooms; ++i) {
      store_->create_room({"room" + std::to_string(i), "", Visibility::open, Keep::all, "", ""}, 1,
                          [&](Result<RoomInfo> room) { made += room.ok() ? 1 : 0; });
    }
    return executor_.run_until([&] { return made == rooms; }) && open_session();
  }

  void run_until_power_is_gone() {
    while (!vfs_.power_gone()) {
      while (in_flight_ < batches_in_flight) send();
      const std::size_t before = answered_;
      // Without power a commit may stay undecided for ever, and then nobody is answered.
      while (!vfs_.power_gone() && !executor_.run_until([&] { return answered_ > before; }, std::chrono::milliseconds(20))) {
      }
    }
    executor_.run();
    store_.reset();
  }

  const std::map<std::string, std::pair<RoomId, Seq>>& acked() const { return acked_; }
  const std::vector<NewEntry>& sent() const { return sent_; }

 private:
  bool open_session() {
    SessionOpening opening;
    opening.client_id = opening.user_id = opening.owner = "device";
    opening.expiry_s = session_never_expires;
    bool answered = false;
    store_->mqtt()->open_session(opening, 1, [&](Result<SessionOpened> opened) {
      answered = true;
      if (opened.ok()) session_ = opened->key;
    });
    return executor_.run_until([&] { return answered; }) && session_.id != 0;
  }

  void send() {
    std::vector<NewEntry> batch;
    for (std::uint64_t i = random_() % 20 + 1; i > 0; --i) {
      NewEntry entry;
      entry.room = static_cast<RoomId>(random_() % rooms + 1);
      entry.user_id = entry.user_name = "u" + std::to_string(random_() % 5);
      const std::string name = "c" + std::to_string(sent_.size());
      entry.body = name + std::string(random_() % 2000, 'x');
      // What makes a repeat known: the sender's own id, or the packet identifier of a QoS 2 PUBLISH.
      if (random_() % 3 == 0 && next_packet_ != 0) {
        entry.inbound = InboundPacket{session_, next_packet_++};
      } else {
        entry.cid = name;
      }
      sent_.push_back(entry);
      batch.push_back(std::move(entry));
    }
    ++in_flight_;
    const std::size_t first = sent_.size() - batch.size();
    store_->append(std::move(batch), 1, [this, first](Result<std::vector<Result<Appended>>> results) {
      --in_flight_;
      ++answered_;
      for (std::size_t i = 0; results.ok() && i < results->size(); ++i) {
        const NewEntry& entry = sent_[first + i];
        if ((*results)[i].ok()) acked_[name_of(entry.body)] = {entry.room, (*results)[i]->seq};
      }
    });
  }

  std::mt19937_64 random_;
  PowerCutVfs& vfs_;
  PumpExecutor executor_;
  std::unique_ptr<Store> store_;
  std::vector<NewEntry> sent_;
  std::map<std::string, std::pair<RoomId, Seq>> acked_;
  SessionKey session_;
  std::uint16_t next_packet_ = 1;
  std::size_t in_flight_ = 0;
  std::size_t answered_ = 0;
};

bool file_is_sound(const std::string& path) {
  SqliteSettings settings;
  settings.path = path;
  auto connection = sqlite::Connection::open(settings, sqlite::Access::write);
  if (!connection.ok()) return false;
  sqlite::Query query(**connection, "PRAGMA integrity_check");
  return query.row() && query.view(0) == "ok";
}

// The store after the power came back.
class Aftermath {
 public:
  explicit Aftermath(const std::string& path) {
    SqliteSettings settings;
    settings.path = path;
    settings.readers = 1;
    auto opened = open_sqlite(settings, executor_);
    if (opened.ok()) store_ = std::move(*opened);
  }
  bool open() const { return store_ != nullptr; }

  std::vector<EntryPtr> read_all(RoomId room) {
    std::optional<LogPage> page;
    store_->read(room, 0, UINT32_MAX, SIZE_MAX, [&](Result<LogPage> read) { page = read.ok() ? std::move(*read) : LogPage(); });
    executor_.run_until([&] { return page.has_value(); });
    return page ? std::move(page->entries) : std::vector<EntryPtr>();
  }
  // Sends everything again, as clients without an answer would.
  void repeat(const std::vector<NewEntry>& entries) {
    bool done = false;
    store_->append(entries, 1, [&](Result<std::vector<Result<Appended>>>) { done = true; });
    executor_.run_until([&] { return done; });
  }

 private:
  PumpExecutor executor_;
  std::unique_ptr<Store> store_;
};

void compare(Aftermath& after, const Load& load, PowerCutResult& result) {
  std::map<std::string, std::pair<RoomId, Seq>> there;
  for (RoomId room = 1; room <= rooms; ++room) {
    Seq next = 0;
    for (const EntryPtr& entry : after.read_all(room)) {
      if (entry->seq != ++next) ++result.holes;
      ++result.found;
      const std::string name = name_of(entry->body);
      const bool content = entry->cid.empty() || entry->cid == name;
      if (!content || !there.try_emplace(name, room, entry->seq).second) ++result.doubled;
    }
  }
  for (const auto& [cid, place] : load.acked()) {
    const auto found = there.find(cid);
    if (found == there.end() || found->second != place) ++result.lost;
  }
  after.repeat(load.sent());
  std::set<std::string> once;
  for (RoomId room = 1; room <= rooms; ++room) {
    for (const EntryPtr& entry : after.read_all(room)) {
      if (!once.insert(name_of(entry->body)).second) ++result.doubled;
    }
  }
  result.lost += load.sent().size() - std::min(once.size(), load.sent().size());
}

void run_once(const PowerCutPlan& plan, std::uint64_t seed, PowerCutResult& result) {
  const TempFolder before;
  const TempFolder disk;
  std::mt19937_64 random(seed);
  PowerCutVfs vfs("power-cut-" + std::to_string(seed));
  Load load(plan, seed, vfs, before.file("parley.db"));
  ++result.runs;
  if (!load.make_rooms()) {
    ++result.unopenable;
    return;
  }
  vfs.cut_after(static_cast<std::int64_t>(random() % plan.operations_max + 1));
  load.run_until_power_is_gone();
  result.sent += load.sent().size();
  result.acked += load.acked().size();

  vfs.write_images(disk.path(), plan.unsynced, random);
  Aftermath after(disk.file("parley.db"));
  if (!after.open()) {
    ++result.unopenable;
    result.lost += load.acked().size();
    return;
  }
  compare(after, load, result);
  if (!file_is_sound(disk.file("parley.db"))) ++result.unopenable;
}

}  // namespace

PowerCutResult run_power_cuts(const PowerCutPlan& plan) {
  PowerCutResult result;
  for (unsigned i = 0; i < plan.runs; ++i) run_once(plan, plan.seed * 1'000'003 + i, result);
  return result;
}

}  // namespace parley::contract
