// /rooms, /rooms/{room}, join, leave, read, presence, signals

#include "broker/protocol/json.h"
#include "broker/protocol/native_command.h"
#include "http/api/api.h"
#include "http/api/body.h"
#include "http/api/parameters.h"
#include "http/api/room_json.h"
#include "http/api/with_epoch.h"

namespace parley::api {

namespace {

using RoomAnswer = WithEpoch<RoomView>;
using RoomsAnswer = WithEpoch<std::vector<RoomView>>;

http::Response room_response(int status, const RoomAnswer& answer) {
  std::string out;
  json::Writer writer(out);
  write_room(writer, answer.value, answer.epoch);
  return http::Response::json(status, std::move(out));
}

http::Response rooms_response(const RoomsAnswer& answer, unsigned limit) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("rooms").begin_array();
  for (const RoomView& view : answer.value) write_room(writer, view, answer.epoch);
  writer.end_array();
  if (answer.value.size() >= limit) writer.member("next", answer.value.back().room.name);
  writer.end_object();
  return http::Response::json(200, std::move(out));
}

Result<RoomsQuery> read_rooms_query(const http::Request& request, const ApiSettings& settings) {
  RoomsQuery query;
  Result<std::string> scope = query_text(request, "scope");
  if (!scope) return scope.error();
  if (!scope->empty() && *scope != "mine" && *scope != "public") {
    return {Code::bad_request, "\"scope\" must be mine or public"};
  }
  query.mine = *scope != "public";
  Result<std::string> contains = query_text(request, "q");
  if (!contains) return contains.error();
  query.contains = *contains;
  Result<std::string> after = query_text(request, "after");
  if (!after) return after.error();
  query.after = *after;
  Result<unsigned> limit = query_limit(request, settings.page_entries, settings.page_entries_max);
  if (!limit) return limit.error();
  query.limit = *limit;
  return query;
}

void get_rooms(Api& api, Call call) {
  Result<RoomsQuery> query = read_rooms_query(call.request, api.settings());
  if (!query) return call.respond(http::Response::problem(query.error()));
  const unsigned limit = query->limit;
  query->user_id = call.subject->user_id;
  SubjectPtr subject = call.subject;
  api.ask_log<RoomsAnswer>(
      std::move(call),
      [subject = std::move(subject), query = std::move(query).value()](Log& log, Reply<RoomsAnswer> reply) mutable {
        log.list_rooms(std::move(subject), std::move(query), adding_epoch<std::vector<RoomView>>(log, std::move(reply)));
      },
      [limit](const RoomsAnswer& answer) { return rooms_response(answer, limit); });
}

void post_room(Api& api, Call call) {
  Body body(call.request);
  NewRoom room;
  room.name = body.text("name");
  room.title = body.optional_text("title").value_or("");
  room.visibility = body.optional_word("visibility", parse_visibility).value_or(Visibility::open);
  room.keep = body.optional_word("keep", parse_keep).value_or(Keep::all);
  if (body.error()) return call.respond(http::Response::problem(*body.error()));
  SubjectPtr subject = call.subject;
  api.ask_log<RoomAnswer>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room)](Log& log, Reply<RoomAnswer> reply) mutable {
        log.create_room(std::move(subject), std::move(room), adding_epoch<RoomView>(log, std::move(reply)));
      },
      [](const RoomAnswer& answer) {
        http::Response response = room_response(201, answer);
        response.headers.emplace_back("Location", "/api/v1/rooms/" + http::percent_encode(answer.value.room.name));
        return response;
      });
}

using RoomMethod = void (Log::*)(SubjectPtr, std::string, Reply<RoomView>);

void ask_room(Api& api, Call call, RoomMethod method) {
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  api.ask_log<RoomAnswer>(
      std::move(call),
      [method, subject = std::move(subject), room = std::move(room)](Log& log, Reply<RoomAnswer> reply) mutable {
        (log.*method)(std::move(subject), std::move(room), adding_epoch<RoomView>(log, std::move(reply)));
      },
      [](const RoomAnswer& answer) { return room_response(200, answer); });
}

void get_room(Api& api, Call call) { ask_room(api, std::move(call), &Log::view_room); }
void post_join(Api& api, Call call) { ask_room(api, std::move(call), &Log::join); }

void patch_room(Api& api, Call call) {
  Body body(call.request);
  RoomChange change{body.optional_text("title"), body.optional_word("visibility", parse_visibility),
                    body.optional_word("keep", parse_keep)};
  if (!change.title && !change.visibility && !change.keep) {
    body.fail({Code::bad_request, "nothing to change: give \"title\", \"visibility\" or \"keep\""});
  }
  if (body.error()) return call.respond(http::Response::problem(*body.error()));
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  api.ask_log<RoomAnswer>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room), change = std::move(change)](Log& log,
                                                                                         Reply<RoomAnswer> reply) mutable {
        log.configure_room(std::move(subject), std::move(room), std::move(change), adding_epoch<RoomView>(log, std::move(reply)));
      },
      [](const RoomAnswer& answer) { return room_response(200, answer); });
}

void post_leave(Api& api, Call call) {
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  api.ask_log<Nothing>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room)](Log& log, Reply<Nothing> reply) mutable {
        log.leave(std::move(subject), std::move(room), std::move(reply));
      },
      [](const Nothing&) { return http::Response::empty(204); });
}

void put_read(Api& api, Call call) {
  Body body(call.request);
  const Seq seq = body.integer("seq");
  if (body.error()) return call.respond(http::Response::problem(*body.error()));
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  api.ask_log<ReadMark>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room), seq](Log& log, Reply<ReadMark> reply) mutable {
        log.set_read(std::move(subject), std::move(room), seq, std::move(reply));
      },
      [](const ReadMark& mark) {
        std::string out;
        json::Writer(out).begin_object().member("seq", mark.seq).member("unread", mark.unread).end_object();
        return http::Response::json(200, std::move(out));
      });
}

http::Response presence_response(const Presence& presence) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("count", presence.count);
  if (presence.partial) writer.member("partial", true);
  writer.key("users").begin_array();
  for (const Member& user : presence.users) {
    writer.begin_object().member("id", user.user_id).member("name", user.user_name).end_object();
  }
  writer.end_array().end_object();
  return http::Response::json(200, std::move(out));
}

void get_presence(Api& api, Call call) {
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  api.ask_log<Presence>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room)](Log& log, Reply<Presence> reply) mutable {
        log.presence(std::move(subject), std::move(room), std::move(reply));
      },
      presence_response);
}

void post_signal(Api& api, Call call) {
  Body body(call.request);
  std::string type = body.text("type");
  if (!body.error()) body.check_bytes("type", type, native::signal_type_bytes_max);
  std::string bytes(body.optional_object("body").value_or("{}"));
  body.check_bytes("body", bytes, api.settings().limits.body_bytes);
  if (body.error()) return call.respond(http::Response::problem(*body.error()));
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  api.ask_log<Nothing>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room), type = std::move(type), bytes = std::move(bytes)](
          Log& log, Reply<Nothing> reply) mutable {
        log.publish_signal(std::move(subject), std::move(room), std::move(type), std::move(bytes), std::move(reply));
      },
      [](const Nothing&) { return http::Response::empty(202); });
}

}  // namespace

void add_room_routes(Api& api, http::Router& router) {
  using http::Method;
  api.add(router, Method::get, "/rooms", Api::Access::user, get_rooms);
  api.add(router, Method::post, "/rooms", Api::Access::user, post_room);
  api.add(router, Method::get, "/rooms/{room}", Api::Access::user, get_room);
  api.add(router, Method::patch, "/rooms/{room}", Api::Access::user, patch_room);
  api.add(router, Method::post, "/rooms/{room}/join", Api::Access::user, post_join);
  api.add(router, Method::post, "/rooms/{room}/leave", Api::Access::user, post_leave);
  api.add(router, Method::put, "/rooms/{room}/read", Api::Access::user, put_read);
  api.add(router, Method::get, "/rooms/{room}/presence", Api::Access::user, get_presence);
  api.add(router, Method::post, "/rooms/{room}/signals", Api::Access::user, post_signal);
}

}  // namespace parley::api
