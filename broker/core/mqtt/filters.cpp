#include "broker/core/mqtt/filters.h"

#include <memory>

namespace parley::mqtt {

namespace {

struct Gathering {
  std::vector<Granted> answers;
  std::size_t missing = 0;
  Reply<std::vector<Granted>> done;
};

}  // namespace

void subscribe_filters(Log& log, FollowerId follower, const SubjectPtr& subject, std::vector<FilterWish> wishes,
                       Reply<std::vector<Granted>> done) {
  auto gathering = std::make_shared<Gathering>();
  gathering->answers.resize(wishes.size());
  gathering->missing = wishes.size() + 1;
  gathering->done = std::move(done);
  const auto arrived = [gathering] {
    if (--gathering->missing == 0) gathering->done(std::move(gathering->answers));
  };
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    const FilterWish& wish = wishes[i];
    if (wish.fresh) log.add_interest(follower, wish.filter);
    if (wish.filter.find_first_of("+#") != std::string::npos || wish.filter.starts_with('$')) {
      arrived();
      continue;
    }
    log.find_readable(subject, wish.filter, [&log, gathering, arrived, follower, i, wish](Result<Attached> found) {
      Granted& answer = gathering->answers[i];
      if (found) {
        answer.exists = true;
        answer.at = std::move(found).value();
      } else if (found.error().code != Code::not_found) {
        answer.status = found.error();
        if (wish.fresh) log.remove_interest(follower, wish.filter);
      }
      arrived();
    });
  }
  arrived();
}

}  // namespace parley::mqtt
