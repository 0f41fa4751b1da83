#include "storage/sqlite/readers.h"

#include <algorithm>

namespace parley::sqlite {

Readers::Readers(const SqliteSettings& settings, Answers answers) : settings_(settings), answers_(std::move(answers)) {
  for (unsigned i = 0; i < std::max(settings_.readers, 1U); ++i) readers_.push_back(std::make_unique<Reader>(i));
}

void Readers::finish() {
  for (const auto& reader : readers_) {
    reader->thread.finish();
    reader->connection.reset();
  }
}

void Readers::run(std::unique_ptr<Job> job) {
  const auto fewer = [](const auto& a, const auto& b) { return a->waiting < b->waiting; };
  Reader& reader = **std::min_element(readers_.begin(), readers_.end(), fewer);
  ++reader.waiting;
  reader.thread.post([this, &reader, job = std::move(job)]() mutable {
    std::optional<Error> failure = read(reader, *job);
    --reader.waiting;
    std::vector<std::unique_ptr<Job>> one;
    one.push_back(std::move(job));
    answers_.deliver(std::move(one), std::move(failure));
  });
}

std::optional<Error> Readers::read(Reader& reader, Job& job) const {
  if (reader.connection == nullptr) {
    auto opened = Connection::open(settings_, Access::read);
    if (!opened.ok()) {
      reader.trouble.failed(opened.error());
      return opened.error();
    }
    reader.connection = std::move(*opened);
  }
  Connection& connection = *reader.connection;
  connection.execute("BEGIN");
  job.run(connection);
  if (!connection.failed()) connection.execute("COMMIT");
  if (!connection.failed()) {
    reader.trouble.succeeded();
    return std::nullopt;
  }
  Error error = describe_failure(connection, settings_.path);
  reader.trouble.failed(error);
  reader.connection.reset();
  return error;
}

}  // namespace parley::sqlite
