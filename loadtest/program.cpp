#include "loadtest/program.h"

#include <fstream>
#include <iostream>
#include <sstream>

#include "loadtest/command_line.h"
#include "loadtest/report_html.h"
#include "loadtest/run.h"

namespace parley::loadtest {

namespace {

constexpr int violated = 1;
constexpr int unusable = 2;
constexpr int unreachable = 3;

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return true;
  std::cerr << path << " could not be written\n";
  return false;
}

bool read_reports(const std::vector<std::string>& paths, std::vector<Report>& reports) {
  for (const std::string& path : paths) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    Result<Report> report = report_from_json(text.str());
    if (!report) {
      std::cerr << path << ": " << report.error().message << "\n";
      return false;
    }
    if (report->title.empty()) report->title = path;
    reports.push_back(std::move(report).value());
  }
  return true;
}

int run(const Options& options) {
  Result<Report> report = Run(options).go();
  if (!report) {
    std::cerr << "\n" << report.error().message << "\n";
    return unreachable;
  }
  std::cout << to_table(*report) << std::flush;
  if (!options.json_path.empty() && !write_file(options.json_path, to_json(*report))) return unusable;
  if (!options.html_path.empty() && !write_file(options.html_path, to_html({*report}))) return unusable;
  return report->violations == 0 ? 0 : violated;
}

int combine(const CommandLine& line) {
  std::vector<Report> reports;
  if (!read_reports(line.inputs, reports)) return unusable;
  if (line.verb == CommandLine::Verb::compare) return write_file(line.output, to_html(reports)) ? 0 : unusable;
  const Report all = merge(reports);
  std::cout << to_table(all);
  if (!write_file(line.output, to_json(all))) return unusable;
  if (!line.html_output.empty() && !write_file(line.html_output, to_html({all}))) return unusable;
  return all.violations == 0 ? 0 : violated;
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  const CommandLine line = parse_command_line(argc, argv);
  switch (line.verb) {
    case CommandLine::Verb::run:
      return run(line.options);
    case CommandLine::Verb::exit:
      return line.exit_code;
    default:
      return combine(line);
  }
}

}  // namespace parley::loadtest
