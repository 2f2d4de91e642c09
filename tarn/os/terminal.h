// SPDX-License-Identifier: BSL-1.0
// What is known about the terminal that a program writes to.
#pragma once

namespace tarn {

/// The three standard descriptors.
enum class StandardStream : int { input = 0, output = 1, error = 2 };

/// Whether somebody reads it on a terminal: colours and moving bars are for people only.
/// False if NO_COLOR is set or TERM is "dumb".
bool is_terminal(StandardStream stream) noexcept;

/// The terminal's width in columns; 80 if it can't be known.
int terminal_columns(StandardStream stream) noexcept;

}  // namespace tarn
