#pragma once

// The log's side of SUBSCRIBE: rights, interest, and the retained messages.
//
// Threads: the log's.

#include <string>
#include <vector>

#include "broker/core/log.h"

namespace parley::mqtt {

// What became of one filter. `status` is forbidden when the filter names one private room that the subject may not read; a filter
// with wildcards is always granted, and then filtered room by room.
struct Granted {
  Status status = ok_status();
  bool exists = false;  // the filter names one room, which is there: `at`
  Attached at;
};

// Makes the worker interested in the filters (valid, not shared; those with `fresh` are new to the session) and answers for each.
// Runs handed to the worker after the answer belong to the subscription.
struct FilterWish {
  std::string filter;
  bool fresh = true;
};
void subscribe_filters(Log& log, FollowerId follower, const SubjectPtr& subject, std::vector<FilterWish> wishes,
                       Reply<std::vector<Granted>> done);

}  // namespace parley::mqtt
