#pragma once

// Immutable counted bytes: encoded once, written to many. The count is plain: a frame stays on the thread that made it.

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

class Frame {
 public:
  Frame() = default;
  // Copies the bytes, once.
  static Frame copy_of(std::string_view bytes) {
    Frame frame = uninitialized(bytes.size());
    std::memcpy(frame.data_for_writing(), bytes.data(), bytes.size());
    return frame;
  }
  // `size` bytes to be filled through data_for_writing() before the frame is shared.
  static Frame uninitialized(std::size_t size) {
    void* memory = ::operator new(sizeof(Header) + size);
    Frame frame;
    frame.header_ = new (memory) Header{1, size, nullptr, nullptr};
    return frame;
  }
  // Bytes that somebody else holds, too: a static file that is under way to many clients is not copied for each.
  static Frame sharing(std::shared_ptr<const std::string> bytes) {
    Frame frame;
    frame.header_ = new (::operator new(sizeof(Header))) Header{1, bytes->size(), new Owner(std::move(bytes)), nullptr};
    return frame;
  }

  Frame(const Frame& other) : header_(other.header_) {
    if (header_ != nullptr) ++header_->count;
  }
  Frame(Frame&& other) noexcept : header_(std::exchange(other.header_, nullptr)) {}
  Frame& operator=(Frame other) noexcept {
    std::swap(header_, other.header_);
    return *this;
  }
  ~Frame() {
    for (Header* header = header_; header != nullptr && --header->count == 0;) {
      delete header->owner;
      Header* const wrapped = header->wrapped;
      ::operator delete(header);
      header = wrapped;
    }
  }

  // The same bytes in a wrapping: `wrap(bytes)` makes it when it is first asked for, and it is kept with this frame. One wrapping
  // a frame: that of packets as WebSocket messages.
  template <typename Wrap>
  Frame wrapped(Wrap wrap) const {
    Frame frame;
    if (header_->wrapped == nullptr) {
      frame = wrap(bytes());
      header_->wrapped = std::exchange(frame.header_, nullptr);
    }
    frame.header_ = header_->wrapped;
    ++frame.header_->count;
    return frame;
  }

  explicit operator bool() const { return header_ != nullptr; }
  std::size_t size() const { return header_ == nullptr ? 0 : header_->size; }
  std::string_view bytes() const {
    if (header_ == nullptr) return {};
    return header_->owner == nullptr ? std::string_view(reinterpret_cast<const char*>(header_ + 1), header_->size)
                                     : **header_->owner;
  }
  // Of a frame made by uninitialized().
  char* data_for_writing() { return reinterpret_cast<char*>(header_ + 1); }

 private:
  using Owner = std::shared_ptr<const std::string>;
  struct Header {
    std::size_t count;
    std::size_t size;
    const Owner* owner;  // null: the bytes follow the header
    Header* wrapped;
  };
  Header* header_ = nullptr;
};

}  // namespace parley
