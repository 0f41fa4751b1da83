#include "loadtest/plot.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string_view>

#include "loadtest/report.h"

namespace parley::loadtest {

namespace {

constexpr double width = 720;
constexpr double height = 300;
constexpr double left = 76;
constexpr double right = 16;
constexpr double top = 34;
constexpr double bottom = 42;

// One axis: values to places.
struct Axis {
  double low = 0;
  double high = 1;
  bool log = false;
  bool time = false;

  double place(double value) const {  // 0 to 1
    if (log) return (std::log(value) - std::log(low)) / (std::log(high) - std::log(low));
    return (value - low) / (high - low);
  }
  std::string text(double value) const {
    if (time) return duration_text(static_cast<std::int64_t>(value));
    return value > 0 && value < 0.01 ? fixed(value, static_cast<int>(std::ceil(-std::log10(value) - 1e-9))) : count_text(value);
  }
  std::vector<double> ticks() const {
    std::vector<double> all;
    if (log) {
      const int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9));
      const int last = static_cast<int>(std::floor(std::log10(high * 1.0001)));
      for (int power = first; power <= last; ++power) all.push_back(std::pow(10, power));
      return all;
    }
    const double rough = (high - low) / 5;
    const double unit = std::pow(10, std::floor(std::log10(rough)));
    const double step = unit * (rough / unit < 1.5 ? 1 : rough / unit < 3.5 ? 2 : rough / unit < 7.5 ? 5 : 10);
    const auto first = static_cast<std::int64_t>(std::ceil(low / step));
    const auto last = static_cast<std::int64_t>(std::floor(high * 1.0001 / step));
    for (std::int64_t count = first; count <= last; ++count) all.push_back(static_cast<double>(count) * step);
    return all;
  }
};

Axis axis_over(const std::vector<double>& values, bool log, bool time) {
  Axis axis;
  axis.log = log;
  axis.time = time;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (log) {
    axis.low = std::pow(10, std::floor(std::log10(*least)));
    axis.high = std::pow(10, std::ceil(std::log10(*most) + 1e-9));
    if (axis.high <= axis.low) axis.high = axis.low * 10;
  } else {
    axis.low = std::min(0.0, *least);
    axis.high = *most > axis.low ? *most : axis.low + 1;
  }
  return axis;
}

double x_place(const Axis& axis, double value) { return left + axis.place(value) * (width - left - right); }
double y_place(const Axis& axis, double value) { return height - bottom - axis.place(value) * (height - top - bottom); }

void append_all(std::string& out, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) out += part;
}

void grid(std::string& out, const Axis& x, const Axis& y) {
  for (const double at : y.ticks()) {
    const std::string place = fixed(y_place(y, at), 1);
    append_all(out, {"<line class=\"g\" x1=\"", fixed(left, 0), "\" x2=\"", fixed(width - right, 0), "\" y1=\"", place,
                     "\" y2=\"", place, "\"/><text x=\"", fixed(left - 6, 0), "\" y=\"", fixed(y_place(y, at) + 4, 1),
                     "\" text-anchor=\"end\">", y.text(at), "</text>"});
  }
  for (const double at : x.ticks()) {
    const std::string place = fixed(x_place(x, at), 1);
    append_all(out, {"<line class=\"g\" y1=\"", fixed(top, 0), "\" y2=\"", fixed(height - bottom, 0), "\" x1=\"", place,
                     "\" x2=\"", place, "\"/><text y=\"", fixed(height - bottom + 16, 0), "\" x=\"", place,
                     // Not over the edge.
                     x.place(at) > 0.97 ? "\" text-anchor=\"end\">" : "\" text-anchor=\"middle\">", x.text(at), "</text>"});
  }
}

void line(std::string& out, const Line& one, const Axis& x, const Axis& y) {
  std::string points;
  for (const auto& [at, value] : one.points) {
    if ((x.log && at <= 0) || (y.log && value <= 0)) continue;
    points += fixed(x_place(x, at), 1) + "," + fixed(y_place(y, value), 1) + " ";
  }
  out += "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"var(--s" + std::to_string(one.colour % 8) + ")\"" +
         (one.dashed ? " stroke-dasharray=\"5 4\"" : "") + " points=\"" + points + "\"/>";
}

void legend(std::string& out, const Plot& plot) {
  double at = width - right;
  for (std::size_t i = plot.lines.size(); i-- > 0;) {
    const Line& one = plot.lines[i];
    if (one.name.empty()) continue;
    const double length = 7.0 * static_cast<double>(std::min<std::size_t>(one.name.size(), 40)) + 34;
    at -= length;
    if (at < left + 180) break;  // the table above names them, too
    out += "<line x1=\"" + fixed(at, 0) + "\" x2=\"" + fixed(at + 18, 0) +
           "\" y1=\"16\" y2=\"16\" stroke-width=\"3\" stroke=\"var(--s" + std::to_string(one.colour % 8) + ")\"" +
           (one.dashed ? " stroke-dasharray=\"5 4\"" : "") + "/><text x=\"" + fixed(at + 22, 0) + "\" y=\"20\">" +
           escape_html(one.name) + "</text>";
  }
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string to_svg(const Plot& plot) {
  std::vector<double> xs;
  std::vector<double> ys;
  for (const Line& one : plot.lines) {
    for (const auto& [x, y] : one.points) {
      if ((plot.x_time && x <= 0) || (plot.y_log && y <= 0)) continue;
      xs.push_back(x);
      ys.push_back(y);
    }
  }
  if (xs.empty()) return {};
  const Axis x = axis_over(xs, plot.x_time, plot.x_time);
  const Axis y = axis_over(ys, plot.y_log, plot.y_time);
  std::string out = "<svg viewBox=\"0 0 " + fixed(width, 0) + " " + fixed(height, 0) + "\" role=\"img\" aria-label=\"" +
                    escape_html(plot.title) + "\"><text class=\"t\" x=\"" + fixed(left, 0) + "\" y=\"20\">" +
                    escape_html(plot.title) + "</text>";
  grid(out, x, y);
  for (const Line& one : plot.lines) line(out, one, x, y);
  legend(out, plot);
  out += "<text x=\"" + fixed(width - right, 0) + "\" y=\"" + fixed(height - 8, 0) + "\" text-anchor=\"end\">" +
         escape_html(plot.x_label) + "</text>";
  return out + "</svg>\n";
}

}  // namespace parley::loadtest
