// A reverse proxy in front of a gateway: passes bytes on, and makes the request look as if it came from outside.
import { request } from "node:http";
import { connect, createServer } from "node:net";

const HEAD_END = "\r\n\r\n";
const OUTSIDE_HOST = "claw.example.com";
const OUTSIDE_ADDRESS = "203.0.113.9";
const UPGRADE_TIMEOUT_MS = 20_000;

function asFromOutside(head) {
  const [request, ...headers] = head.split("\r\n");
  const others = headers.filter((line) => !/^host:/i.test(line));
  return [request, `Host: ${OUTSIDE_HOST}`, ...others, `X-Forwarded-For: ${OUTSIDE_ADDRESS}`].join("\r\n");
}

/** Resolves with the relay's `port` and a `close` that ends its connections too. */
export async function relayTo(gatewayPort) {
  const sockets = new Set();
  const hold = (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((outside) => {
    const inside = hold(connect(gatewayPort, "127.0.0.1"));
    hold(outside);
    outside.on("close", () => inside.destroy());
    inside.on("close", () => outside.destroy());
    inside.pipe(outside);
    let head = Buffer.alloc(0);
    const collect = (bytes) => {
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf(HEAD_END);
      if (end === -1) return;
      outside.off("data", collect);
      inside.write(asFromOutside(head.subarray(0, end).toString("latin1")) + HEAD_END, "latin1");
      inside.write(head.subarray(end + HEAD_END.length));
      outside.pipe(inside);
    };
    outside.on("data", collect);
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The HTTP status with which a WebSocket is answered on a port: 101 where it is let in. */
export function upgradeStatus(port) {
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": Buffer.alloc(16).toString("base64"),
  };
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, headers, timeout: UPGRADE_TIMEOUT_MS });
    asked.on("timeout", () => asked.destroy(new Error("no answer to the upgrade")));
    asked.on("error", reject);
    asked.on("upgrade", ({ statusCode }, socket) => {
      socket.destroy();
      resolve(statusCode);
    });
    asked.on("response", (response) => {
      response.destroy();
      resolve(response.statusCode);
    });
    asked.end();
  });
}
