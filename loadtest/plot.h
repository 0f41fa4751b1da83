#pragma once

// A line plot as SVG. Colours are CSS variables of the page (--text, --grid, --s0 … --s7), so that it fits light and dark.

#include <string>
#include <utility>
#include <vector>

namespace parley::loadtest {

struct Line {
  std::string name;
  std::vector<std::pair<double, double>> points;
  bool dashed = false;
  unsigned colour = 0;
};

struct Plot {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool y_log = false;   // points at or below 0 are left out
  bool y_time = false;  // y is in ns
  bool x_time = false;  // x is in ns, on a logarithmic axis
  std::vector<Line> lines;
};

// Empty when no line has a point.
std::string to_svg(const Plot& plot);
std::string escape_html(const std::string& text);

}  // namespace parley::loadtest
