#pragma once

// Reports as one HTML page that needs nothing else: tables and plots (SVG) that follow the reader's choice of light or dark.

#include <string>
#include <vector>

#include "loadtest/report.h"

namespace parley::loadtest {

// One report, or several side by side.
std::string to_html(const std::vector<Report>& reports);

}  // namespace parley::loadtest
