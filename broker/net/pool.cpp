#include "broker/net/pool.h"

#include <uv.h>

#include <cassert>

namespace parley::net {

namespace {
struct Request {
  uv_work_t work_request{};
  UniqueFunction<void()> work;
  UniqueFunction<void()> done;
  std::shared_ptr<bool> wanted;
};
}  // namespace

Job& Job::operator=(Job&& other) noexcept {
  if (wanted_) *wanted_ = false;
  wanted_ = std::move(other.wanted_);
  return *this;
}
Job::~Job() {
  if (wanted_) *wanted_ = false;
}

Job start_job(Loop& loop, UniqueFunction<void()> work, UniqueFunction<void()> done) {
  auto request = std::make_unique<Request>();
  request->work = std::move(work);
  request->done = std::move(done);
  request->wanted = std::make_shared<bool>(true);
  request->work_request.data = request.get();
  Job job;
  job.wanted_ = request->wanted;
  [[maybe_unused]] const int failed = uv_queue_work(
      loop.uv(), &request->work_request, [](uv_work_t* r) { static_cast<Request*>(r->data)->work(); },
      [](uv_work_t* r, int status) {
        const std::unique_ptr<Request> ended(static_cast<Request*>(r->data));
        if (status == 0 && *ended->wanted) ended->done();
      });
  assert(failed == 0);
  request.release();  // NOLINT(bugprone-unused-return-value): the callback above takes it back
  return job;
}

}  // namespace parley::net
