#pragma once

// Internal to net: how a libuv handle lives. The handle sits in a heap box with a pointer to its owner; giving the box up clears
// the pointer, closes the handle and frees the box in libuv's close callback. So an owner may go at any time, and every callback
// begins by asking whether there still is one.

#include <uv.h>

namespace parley::net {

template <typename UvHandle, typename Owner>
struct HandleBox {
  UvHandle handle{};
  Owner* owner = nullptr;

  uv_handle_t* base() { return reinterpret_cast<uv_handle_t*>(&handle); }
};

// For an initialized handle; a box whose uv_*_init failed is simply deleted.
template <typename Box>
void close_box(Box* box) {
  box->owner = nullptr;
  box->handle.data = box;
  uv_close(box->base(), [](uv_handle_t* handle) { delete static_cast<Box*>(handle->data); });
}

// The box of a handle in one of its callbacks.
template <typename Box, typename UvHandle>
Box& box_of(UvHandle* handle) {
  return *static_cast<Box*>(handle->data);
}

}  // namespace parley::net
