// /rooms/{room}/messages, /rooms/{room}/messages/{seq}

#include "broker/protocol/native_command.h"
#include "http/api/api.h"
#include "http/api/body.h"
#include "http/api/entry_json.h"
#include "http/api/parameters.h"
#include "http/api/with_epoch.h"

namespace parley::api {

namespace {

using PageAnswer = WithEpoch<HistoryPage>;

Result<HistoryQuery> read_history_query(const http::Request& request, const ApiSettings& settings) {
  HistoryQuery query;
  Result<std::optional<std::uint64_t>> before = query_integer(request, "before");
  if (!before) return before.error();
  Result<std::optional<std::uint64_t>> after = query_integer(request, "after");
  if (!after) return after.error();
  if (before->has_value() && after->has_value()) return {Code::bad_request, "give \"before\" or \"after\", not both"};
  if (before->has_value() && **before == 0) return {Code::bad_request, "\"before\" must be at least 1"};
  query.before = before->value_or(0);
  query.after = after->value_or(0);
  query.has_after = after->has_value();
  Result<unsigned> limit = query_limit(request, settings.page_entries, settings.page_entries_max);
  if (!limit) return limit.error();
  query.limit = *limit;
  return query;
}

void get_messages(Api& api, Call call) {
  Result<HistoryQuery> query = read_history_query(call.request, api.settings());
  if (!query) return call.respond(http::Response::problem(query.error()));
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  std::string name = room;
  api.ask_log<PageAnswer>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room), query = std::move(query).value()](Log& log,
                                                                                               Reply<PageAnswer> reply) mutable {
        log.history(std::move(subject), std::move(room), std::move(query), adding_epoch<HistoryPage>(log, std::move(reply)));
      },
      [name = std::move(name)](const PageAnswer& page) {
        return http::Response::json(200, page_json(page.value, name, page.epoch));
      });
}

// `created`: the status of an entry that is new; a repeat is 200.
void publish(Api& api, Call call, Publish publish, int created) {
  if (api.is_anonymous(*call.subject) && (publish.type == EntryType::edit || publish.type == EntryType::remove)) {
    return call.respond(
        http::Response::problem({Code::forbidden, "without a token nobody knows whose message it is; come in through /guest"}));
  }
  SubjectPtr subject = call.subject;
  publish.room = std::move(call.params["room"]);
  api.ask_log<Appended>(
      std::move(call),
      [subject = std::move(subject), publish = std::move(publish)](Log& log, Reply<Appended> reply) mutable {
        log.publish(std::move(subject), std::move(publish), std::move(reply));
      },
      [created](const Appended& appended) {
        return http::Response::json(appended.duplicate ? 200 : created, appended_json(appended));
      });
}

void read_cid(Body& body, Publish& publish) {
  std::optional<std::string> cid = body.optional_text("cid");
  if (!cid) return;
  body.check_bytes("cid", *cid, native::cid_bytes_max);
  publish.cid = std::move(*cid);
}

void read_body(Body& body, Publish& publish, std::size_t bytes_max) {
  publish.body = publish.type == EntryType::remove ? body.optional_object("body").value_or("{}") : body.object("body");
  if (publish.body.size() > bytes_max) {
    body.fail({Code::too_large, "the body is longer than " + std::to_string(bytes_max) + " bytes"});
  }
}

void post_message(Api& api, Call call) {
  Body body(call.request);
  Publish wish;
  wish.type = body.optional_word("type", parse_entry_type).value_or(EntryType::message);
  wish.target = body.optional_integer("target").value_or(0);
  read_cid(body, wish);
  read_body(body, wish, api.settings().limits.body_bytes);
  if (!body.error()) {
    if (Status status = native::check_publish(wish.type, wish.target, wish.body); !status) body.fail(status.error());
  }
  if (body.error()) return call.respond(http::Response::problem(*body.error()));
  publish(api, std::move(call), std::move(wish), 201);
}

// The {seq} of the path as the target of an edit or a deletion.
Result<Publish> targeting(const Call& call, EntryType type) {
  Result<std::uint64_t> seq = parse_integer("seq", call.params.find("seq")->second);
  if (!seq) return seq.error();
  if (*seq == 0) return {Code::not_found, "entries are numbered from 1"};
  Publish wish;
  wish.type = type;
  wish.target = *seq;
  return wish;
}

void patch_message(Api& api, Call call) {
  Result<Publish> wish = targeting(call, EntryType::edit);
  if (!wish) return call.respond(http::Response::problem(wish.error()));
  Body body(call.request);
  read_cid(body, *wish);
  read_body(body, *wish, api.settings().limits.body_bytes);
  if (body.error()) return call.respond(http::Response::problem(*body.error()));
  publish(api, std::move(call), std::move(wish).value(), 200);
}

void delete_message(Api& api, Call call) {
  Result<Publish> wish = targeting(call, EntryType::remove);
  if (!wish) return call.respond(http::Response::problem(wish.error()));
  wish->body = "{}";
  publish(api, std::move(call), std::move(wish).value(), 200);
}

}  // namespace

void add_message_routes(Api& api, http::Router& router) {
  using http::Method;
  api.add(router, Method::get, "/rooms/{room}/messages", Api::Access::user, get_messages);
  api.add(router, Method::post, "/rooms/{room}/messages", Api::Access::user, post_message);
  api.add(router, Method::patch, "/rooms/{room}/messages/{seq}", Api::Access::user, patch_message);
  api.add(router, Method::del, "/rooms/{room}/messages/{seq}", Api::Access::user, delete_message);
}

}  // namespace parley::api
