"""The usual chat server on Flask-SocketIO: rooms, and every message to the room. flask_server.py PORT"""
import sys

from flask import Flask
from flask_socketio import SocketIO, emit, join_room

app = Flask(__name__)
server = SocketIO(app, async_mode="eventlet", logger=False, engineio_logger=False)


@server.on("join")
def join(room):
    join_room(room)


@server.on("message")
def message(room, text):
    emit("message", (room, text), to=room)


server.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_output=False)
