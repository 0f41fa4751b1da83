#pragma once

// A call on its way to the database: made by the store, sent (again, if need be) by a channel.

#include <memory>
#include <optional>
#include <utility>

#include "storage/postgres/params.h"
#include "storage/postgres/rows.h"
#include "storage/store.h"

namespace parley::postgres {

// What the channel knows when it sends.
struct Attempt {
  std::int64_t generation = 0;  // of the connection's fencing; 0 on those that have none
  bool again = false;           // it was sent before, and its outcome was not learned
};

class Call {
 public:
  virtual ~Call() = default;
  // One statement, a literal: each connection prepares it once. Autocommitted.
  virtual const char* sql() const = 0;
  virtual void encode(Params& out, const Attempt& attempt) const = 0;
  // After a data error: true when the call changed into one that is to be sent in its place.
  virtual bool change_after(const Failure& /*failure*/) { return false; }
  // Once. May destroy the store.
  virtual void answer(Result<Rows> rows) = 0;
};

// A call from two lambdas: encode(Params&) and decode(const Rows&) -> Result<T>.
template <typename T, typename Encode, typename Decode>
class TypedCall final : public Call {
 public:
  TypedCall(const char* sql, Reply<T> done, Encode encode, Decode decode)
      : sql_(sql), done_(std::move(done)), encode_(std::move(encode)), decode_(std::move(decode)) {}
  const char* sql() const override { return sql_; }
  void encode(Params& out, const Attempt& /*attempt*/) const override { encode_(out); }
  void answer(Result<Rows> rows) override { done_(rows.ok() ? decode_(*rows) : Result<T>(rows.error())); }

 private:
  const char* sql_;
  Reply<T> done_;
  Encode encode_;
  Decode decode_;
};

template <typename T, typename Encode, typename Decode>
std::unique_ptr<Call> make_call(const char* sql, Reply<T> done, Encode encode, Decode decode) {
  return std::make_unique<TypedCall<T, Encode, Decode>>(sql, std::move(done), std::move(encode), std::move(decode));
}

// The same for a change on a connection that is fenced: encode(Params&, Attempt) begins with this process and its generation.
template <typename T, typename Encode, typename Decode>
class FencedCall final : public Call {
 public:
  FencedCall(const char* sql, std::string replica, Reply<T> done, Encode encode, Decode decode)
      : sql_(sql), replica_(std::move(replica)), done_(std::move(done)), encode_(std::move(encode)), decode_(std::move(decode)) {}
  const char* sql() const override { return sql_; }
  void encode(Params& out, const Attempt& attempt) const override {
    out.bytes(replica_).int8(attempt.generation);
    encode_(out, attempt);
  }
  void answer(Result<Rows> rows) override { done_(rows.ok() ? decode_(*rows) : Result<T>(rows.error())); }

 private:
  const char* sql_;
  const std::string replica_;
  Reply<T> done_;
  Encode encode_;
  Decode decode_;
};

template <typename T, typename Encode, typename Decode>
std::unique_ptr<Call> make_fenced_call(const char* sql, std::string replica, Reply<T> done, Encode encode, Decode decode) {
  return std::make_unique<FencedCall<T, Encode, Decode>>(sql, std::move(replica), std::move(done), std::move(encode),
                                                         std::move(decode));
}

}  // namespace parley::postgres
