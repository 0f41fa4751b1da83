#pragma once

// What a call answered: rows in binary format. And what it failed with.

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/result.h"

namespace parley::postgres {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

class Rows {
 public:
  explicit Rows(ResultPtr result) : result_(std::move(result)) {}

  int count() const { return PQntuples(result_.get()); }
  bool empty() const { return count() == 0; }
  bool null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  // Of any width, booleans too; 0 where it is NULL.
  std::int64_t integer(int row, int column) const;
  std::uint64_t natural(int row, int column) const { return static_cast<std::uint64_t>(integer(row, column)); }
  bool truth(int row, int column) const { return integer(row, column) != 0; }
  std::string_view view(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  std::string text(int row, int column) const { return std::string(view(row, column)); }
  // Elements of an array of one dimension; NULL elements are 0 or empty. Empty where the array is NULL.
  std::vector<std::int64_t> integers(int row, int column) const;
  std::vector<std::string> texts(int row, int column) const;

 private:
  ResultPtr result_;
};

// What kind of failure it was, by SQLSTATE (PostgreSQL, appendix A).
enum class Fault : unsigned char {
  lost,    // the connection: what was asked may have been done or not
  fenced,  // somebody raised this process's generation; nothing was done
  retry,   // deadlock, serialization: nothing was done, and the same call may go well now
  data,    // what the call brought cannot be stored; nothing was done
  refuse,  // anything else; nothing was done
};

struct Failure {
  Fault fault = Fault::refuse;
  Error error;
  bool reconnect = false;  // the server takes no writes any more: another connection may find one that does
};

Failure describe_failure(const PGresult* result);
Failure lost_connection(const PGconn* connection);

}  // namespace parley::postgres
