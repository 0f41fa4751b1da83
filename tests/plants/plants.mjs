// The small faults that scripts/check-plants plants, each with the cheapest test that must catch it. `from` stands in the file exactly once.
// test: a program of build/test/tests and its filter; postgres: it needs PostgreSQL, so ctest runs it with its fixture;
// rows: a program of tests/integration that prints a table over the broker `test` (real sockets, SIGKILL), and its arguments.
const promise = (name, file, from, to, test, filter) => ({ name, file, from, to, test, filter });

export const plants = [
  promise(
    'acknowledge before the commit',
    'broker/core/batcher.cpp',
    '  in_flight_ = true;\n',
    `  in_flight_ = true;
  for (Pending& pending : batch) {
    pending.done(Appended{pending.room->info.head + 1, 0, 0, false});
    pending.done = [](const Result<Appended>&) {};
  }
`,
    'test_sim',
    'CoreSimulation.*',
  ),
  promise(
    'acknowledge a commit that failed',
    'broker/core/batcher.cpp',
    'Result<Appended>(results.error()))',
    'Result<Appended>(Appended{1, 0, 0, false}))',
    'test_sim',
    'CoreSimulation.*',
  ),
  promise(
    'skip the reorder buffer',
    'broker/core/catch_up.cpp',
    '  sync.known_head = std::max(sync.known_head, entry->seq);\n  if (!sync',
    `  if (entry->seq > room->tail.head() + 1) room->tail.reset(entry->seq - 1, {});
  sync.known_head = std::max(sync.known_head, entry->seq);
  if (!sync`,
    'test_sim',
    'ClusterSimulation.*',
  ),
  promise(
    'attach after the read',
    'broker/core/log.cpp',
    '    room->followers.push_back(follower);\n',
    `    store_.read(room->info.id, 0, 1, 1, [room, follower](const Result<LogPage>&) { room->followers.push_back(follower); });
`,
    'test_sim',
    'CoreSimulation.*',
  ),
  promise(
    'a loaded room is not looked at again (CatchUp::verify)',
    'broker/core/catch_up.cpp',
    'void CatchUp::verify(const LogRoomPtr& room) {\n',
    'void CatchUp::verify(const LogRoomPtr& room) {\n  if (snapshot_ != "never") return;\n',
    'test_unit_core',
    'Replicas.ARoomThatIsLoadedAtAnOldHeadCatchesUpByItself',
  ),
  promise(
    'a fresh interest does not look at storage',
    'broker/core/log.cpp',
    'if (settings_.catch_up.replicated && (ahead || fresh))',
    'if (settings_.catch_up.replicated && ahead && fresh)',
    'test_sim',
    'ClusterSimulation.*',
  ),
  promise(
    'moved heads are not looked at',
    'broker/core/catch_up.cpp',
    '    room->sync.known_head = std::max(room->sync.known_head, moved.head);\n    lag(room, gap_wait());\n',
    '',
    'test_unit_core',
    'Replicas.WithoutTheBusStorageBringsIt',
  ),
  promise(
    'a hurry during a poll is forgotten',
    'broker/core/catch_up.cpp',
    '  polling_ = false;\n  const MonoMs now',
    '  polling_ = false;\n  hurry_ = false;\n  const MonoMs now',
    'test_unit_core',
    'Replicas.AHurryDuringAPollIsAnotherPoll',
  ),
  promise(
    'a filter takes a new room up at its head',
    'broker/core/strangers.cpp',
    'std::max(room.before, stood_at(room.room))',
    'std::max(room.head, stood_at(room.room))',
    'test_unit_core',
    'Replicas.AFilterGetsTheFirstEntry*',
  ),
  promise(
    'a filter forgets where a room stood that was let go',
    'broker/core/strangers.cpp',
    'if (!interest_.empty()) dropped_[room.info.id] = room.tail.head();',
    'if (room.info.id < 0) dropped_[room.info.id] = room.tail.head();',
    'test_unit_core',
    'SmallReplicas.*',
  ),
  promise(
    'a room that is loaded for a publisher skips what a filter is owed',
    'broker/core/strangers.cpp',
    'if (!catch_up_.replicated() || info.head == 0 || !wanted(info.name))',
    'if (info.name != "never")',
    'test_unit_core',
    'Replicas.AFilterGetsWhatWasThereBefore*',
  ),
  promise(
    'SUBSCRIBE does not wait for what was there before',
    'broker/core/log_replicas.cpp',
    'if (!settings_.catch_up.replicated || filters.empty()) return done();',
    'if (filters.size() < 1000) return done();',
    'test_unit_core',
    'Replicas.AFilterGetsNothingOlder*',
  ),
  promise(
    'no channels for filters',
    'broker/core/log_replicas.cpp',
    '  peers_.want_all(true);\n',
    '',
    'test_unit_core',
    'Replicas.AFilterGetsMessagesThatAreNotKept',
  ),
  promise(
    'a publish in doubt waits for ever',
    'broker/core/batcher.cpp',
    'now - in_doubt_ >= settings_.doubt_ms',
    'now - in_doubt_ < 0',
    'test_unit_core',
    'LogTest.ACommitInDoubt*',
  ),
  promise(
    'no look for a repeat: SQLite',
    'storage/sqlite/append.cpp',
    'if (!insert(connection, entry, next, fingerprint)) {',
    'NewEntry blind = entry;\n  blind.cid.clear();\n  if (!insert(connection, blind, next, {})) {',
    'test_contract',
    'Stores/StoreContract.ARepeatIsADuplicateAndAnotherBodyAConflict/Sqlite',
  ),
  {
    ...promise(
      'no look for a repeat: PostgreSQL',
      'storage/sql/postgres/006_mqtt_append.sql',
      '  plain := NOT in_again AND cardinality(fx_entries) = 0',
      '  in_keys := (SELECT array_agg(gen_random_uuid()) FROM unnest(in_keys));\n  plain := NOT in_again AND cardinality(fx_entries) = 0',
      'test_postgres',
      'PostgresFaults.AnswersThatGetLostAreSettled',
    ),
    postgres: true,
  },
  {
    ...promise(
      'settle without fencing',
      'storage/sql/postgres/006_mqtt_append.sql',
      'PERFORM FROM replicas r WHERE r.id = in_replica AND r.generation = in_generation FOR SHARE;',
      'PERFORM FROM replicas r WHERE r.id = in_replica FOR SHARE;',
      'test_postgres',
      'PostgresFaults.ACallThatArrivesLateIsFenced',
    ),
    postgres: true,
  },
  {
    ...promise(
      'QoS 2 towards the broker: what was received is not kept over a restart',
      'broker/core/mqtt/client_publish.cpp',
      'if (qos == QoS::exactly_once && session_->stored().id != 0) entry.inbound',
      'if (qos == QoS::exactly_once && session_->stored().id == 1 << 30) entry.inbound',
      'parley',
      '--kills 4 --away 0',
    ),
    rows: 'mqtt_promises.mjs',
  },
  {
    ...promise(
      'QoS 2 towards the client: what is under way is not kept over a restart',
      'broker/core/mqtt/session_saved.cpp',
      '    message->saved = true;\n',
      '    message->saved = true;\n    if (message->qos == QoS::exactly_once) save.outbound.pop_back();\n',
      'parley',
      '--kills 4 --away 0',
    ),
    rows: 'mqtt_promises.mjs',
  },
];
