// A QoS 1 session is away while so many messages are published: all arrive in order on its return, and the broker's memory does not grow with them.
import { Broker } from './broker.mjs';
import { MqttClient, build, unique } from './mqtt_client.mjs';
import { until } from './wait.mjs';

const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export async function mqttAwayTest({ count, version = 5, print }) {
  const broker = await Broker.start({ args: ['--anonymous'] });
  const [clientId, topic] = [unique('away'), unique('away/')];
  const members = { clientId, clean: false, props: { sessionExpiry: 3600 } };
  const session = await MqttClient.connect(broker, members, { version });
  await session.subscribe(topic, 1);
  await session.disconnect();

  const publisher = await MqttClient.connect(broker, {}, { version });
  let [sent, acked] = [0, 0];
  const fill = 'x'.repeat(90);
  const more = () => {
    const packets = [];
    while (sent < count && sent - acked < 200) {
      packets.push(build.publish(version, { topic, payload: `${sent} ${fill}`, qos: 1, id: (sent % 60_000) + 1 }));
      ++sent;
    }
    if (packets.length > 0) publisher.send(...packets);
  };
  publisher.onPacket = ({ type }) => {
    if (type !== 'puback') return false;
    ++acked;
    if (sent - acked < 100) more();
    return true;
  };
  const warm = Math.min(2000, count / 10);
  more();
  await until(() => acked >= warm, 'the first are acknowledged', { timeout: 60_000 });
  const before = broker.rss();
  await until(
    () => acked === count,
    () => `${count} acknowledgements, not ${acked}`,
    { timeout: 300_000 },
  );
  const after = broker.rss();

  const back = await MqttClient.open(broker, { version, autoAck: true });
  let [got, wrong] = [0, 0];
  back.onPacket = (packet) => {
    if (packet.type !== 'publish') return false;
    if (Number.parseInt(packet.text, 10) !== got) ++wrong;
    ++got;
    return true;
  };
  await back.connect(members);
  await until(
    () => got >= count,
    () => `${count} messages, not ${got}`,
    { timeout: 300_000 },
  );
  await back.ping();
  const row = {
    messages: count,
    present: back.connack.present,
    got,
    wrong,
    before: mib(before),
    after: mib(after),
    read: mib(broker.rss()),
  };
  print(
    Object.keys(row)
      .map((name) => name.padStart(12))
      .join(''),
  );
  print(
    Object.values(row)
      .map((value) => String(value).padStart(12))
      .join(''),
  );
  back.end();
  publisher.end();
  await broker.stop();
  return { ...row, grown: after - before };
}
