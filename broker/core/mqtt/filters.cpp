#include "broker/core/mqtt/filters.h"

#include <memory>

namespace parley::mqtt {

namespace {

struct Gathering {
  std::vector<Granted> answers;
  std::size_t missing = 0;
  Reply<std::vector<Granted>> done;

  void arrived() {
    if (--missing == 0) done(std::move(answers));
  }
};

void look_up(Log& log, FollowerId follower, const SubjectPtr& subject, const std::vector<FilterWish>& wishes,
             const std::shared_ptr<Gathering>& gathering) {
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    const FilterWish& wish = wishes[i];
    if (wish.filter.find_first_of("+#") != std::string::npos || wish.filter.starts_with('$')) {
      gathering->arrived();
      continue;
    }
    log.find_readable(subject, wish.filter, [&log, gathering, follower, i, wish](Result<Attached> found) {
      Granted& answer = gathering->answers[i];
      if (found) {
        answer.exists = true;
        answer.at = std::move(found).value();
      } else if (found.error().code != Code::not_found) {
        answer.status = found.error();
        if (wish.fresh) log.remove_interest(follower, wish.filter);
      }
      gathering->arrived();
    });
  }
  gathering->arrived();
}

}  // namespace

void subscribe_filters(Log& log, FollowerId follower, const SubjectPtr& subject, std::vector<FilterWish> wishes,
                       Reply<std::vector<Granted>> done) {
  auto gathering = std::make_shared<Gathering>();
  gathering->answers.resize(wishes.size());
  gathering->missing = wishes.size() + 1;
  gathering->done = std::move(done);
  std::vector<std::string> fresh;
  for (const FilterWish& wish : wishes) {
    if (!wish.fresh) continue;
    log.add_interest(follower, wish.filter);
    fresh.push_back(wish.filter);
  }
  // What was published on other replicas before this is not the subscription's.
  log.catch_up_with(std::move(fresh), [&log, follower, subject, wishes = std::move(wishes), gathering] {
    look_up(log, follower, subject, wishes, gathering);
  });
}

}  // namespace parley::mqtt
