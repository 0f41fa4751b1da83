#include "loadtest/program.h"

int main(int argc, char** argv) { return parley::loadtest::run_program(argc, argv); }
