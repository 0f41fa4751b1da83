#pragma once

// What the log's replies lack for an answer: the epoch, which only the log loop may ask for.

#include <string>
#include <utility>

#include "broker/core/log.h"

namespace parley::api {

template <typename T>
struct WithEpoch {
  T value;
  std::string epoch;
};

// A reply to the log that passes its value on together with the epoch. Called and answered on the log loop.
template <typename T>
Reply<T> adding_epoch(const Log& log, Reply<WithEpoch<T>> reply) {
  return [&log, reply = std::move(reply)](Result<T> result) mutable {
    if (!result) return reply(result.error());
    reply(WithEpoch<T>{std::move(result).value(), log.epoch()});
  };
}

}  // namespace parley::api
