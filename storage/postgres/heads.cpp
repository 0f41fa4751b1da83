#include "storage/postgres/heads.h"

namespace parley::postgres {

namespace {

constexpr const char* moved_sql = "SELECT snapshot, epoch, rooms, heads, befores FROM moved_heads($1::text)";
// Off and local do not wait for standbys; a name that is set makes the others wait.
constexpr const char* durability_sql =
    "SELECT current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') IN ('on', "
    "'remote_apply')";
constexpr const char* probe_sql = "UPDATE replicas SET seen = now() WHERE id = $1";
constexpr const char* nothing_sql = "SELECT";

}  // namespace

std::unique_ptr<Call> moved_heads(std::string since, Reply<MovedHeads> done) {
  return make_call<MovedHeads>(
      moved_sql, std::move(done), [since = std::move(since)](Params& out) { out.bytes(since); },
      [](const Rows& rows) -> Result<MovedHeads> {
        MovedHeads moved{rows.text(0, 0), rows.text(0, 1), {}};
        const auto rooms = rows.integers(0, 2);
        const auto heads = rows.integers(0, 3);
        const auto befores = rows.integers(0, 4);
        for (std::size_t i = 0; i < rooms.size(); ++i)
          moved.rooms.push_back({rooms[i], static_cast<Seq>(heads[i]), static_cast<Seq>(befores[i])});
        return moved;
      });
}

std::unique_ptr<Call> durability(Reply<Durability> done) {
  return make_call<Durability>(
      durability_sql, std::move(done), [](Params& /*out*/) {},
      [](const Rows& rows) -> Result<Durability> { return rows.truth(0, 0) ? Durability::replicated : Durability::local; });
}

std::unique_ptr<Call> probe(std::string replica, Reply<Nothing> done) {
  return make_call<Nothing>(
      probe_sql, std::move(done), [replica = std::move(replica)](Params& out) { out.bytes(replica); },
      [](const Rows& /*rows*/) { return ok_status(); });
}

std::unique_ptr<Call> nothing(UniqueFunction<void()> done) {
  return make_call<Nothing>(
      nothing_sql, [done = std::move(done)](const Result<Nothing>& /*result*/) mutable { done(); }, [](Params& /*out*/) {},
      [](const Rows& /*rows*/) { return ok_status(); });
}

}  // namespace parley::postgres
