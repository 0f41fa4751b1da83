// The usual chat server on Socket.IO: rooms, and every message to the room. node socketio.mjs PORT
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
io.on('connection', (socket) => {
  socket.on('join', (room) => socket.join(room));
  socket.on('message', (room, text) => io.to(room).emit('message', room, text));
});
http.listen(Number(process.argv[2]), '127.0.0.1');
