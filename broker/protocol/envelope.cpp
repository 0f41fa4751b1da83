#include "broker/protocol/envelope.h"

namespace parley::envelope {

namespace {

constexpr char version = 3;  // 2 had no groups in Forward
enum class Kind : unsigned char {
  entries = 1,
  signal = 2,
  presence_changed = 3,
  login_revoked = 4,
  hello = 5,
  forward = 6,
  client_moved = 7,
  groups = 8
};

class Out {
 public:
  explicit Out(std::string& bytes) : bytes_(bytes) {}
  void byte(unsigned char value) { bytes_.push_back(static_cast<char>(value)); }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) byte(static_cast<unsigned char>(value | 0x80U));
    byte(static_cast<unsigned char>(value));
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
  }

 private:
  std::string& bytes_;
};

// After a failure every further answer is empty; ok() tells at the end.
class In {
 public:
  explicit In(std::string_view bytes) : bytes_(bytes) {}
  unsigned char byte() {
    if (bytes_.empty()) return fail<unsigned char>(0);
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const unsigned char next = byte();
      if (shift == 63 && next > 1) return fail<std::uint64_t>(0);
      value |= static_cast<std::uint64_t>(next & 0x7fU) << shift;
      if (next < 0x80) return value;
    }
    return fail<std::uint64_t>(0);
  }
  // A number that fits a signed one.
  std::int64_t whole() {
    const std::uint64_t value = number();
    return value > INT64_MAX ? fail<std::int64_t>(0) : static_cast<std::int64_t>(value);
  }
  std::string text() {
    const std::uint64_t size = number();
    if (size > bytes_.size()) return fail(std::string());
    std::string value(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return value;
  }
  // How many elements follow, each of at least `least` bytes: a count that cannot be true fails before memory is asked for.
  std::size_t count(std::size_t least) {
    const std::uint64_t value = number();
    return value > bytes_.size() / least ? fail<std::size_t>(0) : static_cast<std::size_t>(value);
  }
  template <typename T>
  T fail(T value) {
    failed_ = true;
    bytes_ = {};
    return value;
  }
  bool ok() const { return !failed_; }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

// Whoever adds a field to Entry adds it here, at both places, and raises the version.
void put_entry(Out& out, const Entry& entry) {
  out.number(entry.seq);
  out.number(static_cast<std::uint64_t>(entry.ts));
  out.byte(static_cast<unsigned char>(entry.type));
  out.byte(static_cast<unsigned char>(entry.payload));
  out.byte(static_cast<unsigned char>((entry.edited ? 1U : 0U) | (entry.deleted ? 2U : 0U)));
  out.number(entry.target);
  out.number(entry.messages);
  out.number(static_cast<std::uint64_t>(entry.expires));
  for (const std::string* text :
       {&entry.user_id, &entry.user_name, &entry.cid, &entry.body, &entry.content_type, &entry.properties}) {
    out.text(*text);
  }
}
constexpr std::size_t entry_bytes_min = 14;

EntryPtr take_entry(In& in, RoomId room) {
  auto entry = std::make_shared<Entry>();
  entry->room = room;
  entry->seq = in.number();
  entry->ts = in.whole();
  const unsigned char type = in.byte();
  if (to_string(static_cast<EntryType>(type)).empty()) in.fail(0);
  entry->type = static_cast<EntryType>(type);
  const unsigned char payload = in.byte();
  if (payload < 1 || payload > static_cast<unsigned char>(Payload::bytes)) in.fail(0);
  entry->payload = static_cast<Payload>(payload);
  const unsigned char flags = in.byte();
  if (flags > 3) in.fail(0);
  entry->edited = (flags & 1U) != 0;
  entry->deleted = (flags & 2U) != 0;
  entry->target = in.number();
  entry->messages = in.number();
  entry->expires = in.whole();
  for (std::string* text :
       {&entry->user_id, &entry->user_name, &entry->cid, &entry->body, &entry->content_type, &entry->properties}) {
    *text = in.text();
  }
  return entry;
}

struct Encoder {
  Out& out;
  void operator()(const Entries& entries) const {
    out.number(static_cast<std::uint64_t>(entries.room));
    out.number(entries.entries.size());
    for (const EntryPtr& entry : entries.entries) put_entry(out, *entry);
  }
  void operator()(const Signal& signal) const {
    out.number(static_cast<std::uint64_t>(signal.room));
    for (const std::string* text : {&signal.type, &signal.user_id, &signal.user_name, &signal.body, &signal.only_to}) {
      out.text(*text);
    }
  }
  void operator()(const PresenceChanged& changed) const { out.number(static_cast<std::uint64_t>(changed.room)); }
  void operator()(const LoginRevoked& revoked) const { out.text(revoked.login); }
  void operator()(const Hello&) const {}
  void operator()(const Forward& forward) const {
    out.number(static_cast<std::uint64_t>(forward.room));
    put_entry(out, *forward.message);
    out.number(forward.groups.size());
    for (const GroupChoice& choice : forward.groups) {
      out.text(choice.filter);
      out.text(choice.replica);
    }
  }
  void operator()(const Groups& groups) const {
    out.byte(groups.whole ? 1 : 0);
    out.number(groups.total);
    out.number(groups.groups.size());
    for (const GroupMembers& group : groups.groups) {
      out.text(group.filter);
      out.number(group.members);
    }
  }
  void operator()(const ClientMoved& moved) const {
    out.text(moved.client_id);
    out.text(moved.user_id);
  }
};

Entries take_entries(In& in) {
  Entries entries;
  entries.room = in.whole();
  const std::size_t count = in.count(entry_bytes_min);
  Seq before = 0;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    entries.entries.push_back(take_entry(in, entries.room));
    if (entries.entries.back()->seq <= before) in.fail(0);
    before = entries.entries.back()->seq;
  }
  return entries;
}

Signal take_signal(In& in) {
  Signal signal;
  signal.room = in.whole();
  for (std::string* text : {&signal.type, &signal.user_id, &signal.user_name, &signal.body, &signal.only_to}) *text = in.text();
  return signal;
}

Forward take_forward(In& in) {
  Forward forward;
  forward.room = in.whole();
  forward.message = take_entry(in, forward.room);
  const std::size_t count = in.count(2);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    GroupChoice choice;
    choice.filter = in.text();
    choice.replica = in.text();
    forward.groups.push_back(std::move(choice));
  }
  return forward;
}

Groups take_groups(In& in) {
  Groups groups;
  const unsigned char whole = in.byte();
  if (whole > 1) in.fail(0);
  groups.whole = whole == 1;
  groups.total = in.number();
  const std::size_t count = in.count(2);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    GroupMembers group;
    group.filter = in.text();
    group.members = in.number();
    if (group.members > UINT32_MAX) in.fail(0);
    groups.groups.push_back(std::move(group));
  }
  return groups;
}

Error malformed(const char* what) { return {Code::bad_request, std::string("a message from a replica: ") + what}; }

}  // namespace

std::string encode(const Message& message) {
  std::string bytes;
  Out out(bytes);
  out.byte(version);
  out.byte(static_cast<unsigned char>(message.what.index() + 1));
  out.text(message.sender);
  out.text(message.epoch);
  std::visit(Encoder{out}, message.what);
  return bytes;
}

Result<Message> decode(std::string_view bytes) {
  In in(bytes);
  if (in.byte() != version) return malformed("of a version that is not known");
  const auto kind = static_cast<Kind>(in.byte());
  Message message;
  message.sender = in.text();
  message.epoch = in.text();
  switch (kind) {
    case Kind::entries:
      message.what = take_entries(in);
      break;
    case Kind::signal:
      message.what = take_signal(in);
      break;
    case Kind::presence_changed:
      message.what = PresenceChanged{in.whole()};
      break;
    case Kind::login_revoked:
      message.what = LoginRevoked{in.text()};
      break;
    case Kind::hello:
      message.what = Hello{};
      break;
    case Kind::forward:
      message.what = take_forward(in);
      break;
    case Kind::groups:
      message.what = take_groups(in);
      break;
    case Kind::client_moved: {
      ClientMoved moved;
      moved.client_id = in.text();
      moved.user_id = in.text();
      message.what = std::move(moved);
      break;
    }
    default:
      return malformed("of a kind that is not known");
  }
  if (!in.ok()) return malformed("cut off, or with a value out of its range");
  if (!in.at_end()) return malformed("bytes behind its end");
  return message;
}

std::string encode_here(const Here& here) {
  std::string bytes;
  Out out(bytes);
  out.byte(version);
  out.number(static_cast<std::uint64_t>(here.expires));
  out.number(here.count);
  out.number(here.people.size());
  for (const Here::Person& person : here.people) {
    out.text(person.id);
    out.text(person.name);
  }
  return bytes;
}

Result<Here> decode_here(std::string_view bytes) {
  In in(bytes);
  if (in.byte() != version) return malformed("presence of a version that is not known");
  Here here;
  here.expires = in.whole();
  here.count = in.number();
  const std::size_t count = in.count(2);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Here::Person person;
    person.id = in.text();
    person.name = in.text();
    here.people.push_back(std::move(person));
  }
  if (!in.ok() || !in.at_end()) return malformed("presence that is cut off or too long");
  return here;
}

}  // namespace parley::envelope
