#pragma once

// Internal to net: how a libuv handle lives. The handle sits in a heap box and points to its owner; giving the box up clears the
// pointer, closes the handle and frees the box in libuv's close callback. So an owner may go at any time, and every callback
// begins by asking whether there still is one.

#include <uv.h>

namespace parley::net {

template <typename UvHandle, typename Owner>
struct HandleBox {
  UvHandle handle{};  // the first member: box_of relies on it. The owner is in its `data`: 8 bytes more are 16 of the heap's

  Owner* owner() const { return static_cast<Owner*>(handle.data); }
  void set_owner(Owner* owner) { handle.data = owner; }

  uv_handle_t* base() { return reinterpret_cast<uv_handle_t*>(&handle); }
};

// For an initialized handle; a box whose uv_*_init failed is simply deleted.
template <typename Box>
void close_box(Box* box) {
  box->set_owner(nullptr);
  uv_close(box->base(), [](uv_handle_t* handle) { delete reinterpret_cast<Box*>(handle); });
}

// The box of a handle in one of its callbacks.
template <typename Box, typename UvHandle>
Box& box_of(UvHandle* handle) {
  return *reinterpret_cast<Box*>(handle);
}

}  // namespace parley::net
