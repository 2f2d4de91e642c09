// SPDX-License-Identifier: BSL-1.0
#include <tarn/net/address.h>

#include <tarn/base/errors.h>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(Address, PrintsWhatItParsed) {
  EXPECT_EQ(Address::parse("127.0.0.1", 80).to_string(), "127.0.0.1:80");
  EXPECT_EQ(Address::parse("::1", 443).to_string(), "[::1]:443");
  EXPECT_EQ(Address::parse("2001:DB8:0:0::7", 1).host(), "2001:db8::7");
  EXPECT_EQ(Address::parse("0.0.0.0", 65535).port(), 65535);
}

TEST(Address, KnowsItsFamily) {
  EXPECT_EQ(Address().family(), Address::Family::none);
  EXPECT_EQ(Address::parse("1.2.3.4", 0).family(), Address::Family::ipv4);
  EXPECT_EQ(Address::parse("::", 0).family(), Address::Family::ipv6);
  EXPECT_EQ(Address::unix_path("/x").family(), Address::Family::unix_socket);
}

TEST(Address, KeepsTheScopeOfALinkLocalAddress) {
  EXPECT_EQ(Address::parse("fe80::1%lo", 80).to_string(), "[fe80::1%lo]:80");
  EXPECT_EQ(Address::parse("fe80::1%1", 80), Address::parse("fe80::1%lo", 80));
  EXPECT_THROW(Address::parse("fe80::1%nosuchdevice", 80), ValueError);
}

TEST(Address, RefusesWhatIsNotNumeric) {
  for (const char* host :
       {"", "localhost", "127.1", "127.0.0.1 ", "1.2.3.256", "0x7f.0.0.1", ":::", "[::1]", "1.2.3.4%lo"})
    EXPECT_THROW(Address::parse(host, 80), ValueError) << host;
  EXPECT_THROW(Address::parse(std::string("127.0.0.1\0x", 11), 80), ValueError);
  EXPECT_THROW(Address::parse(std::string(1000, '1'), 80), ValueError);
}

TEST(Address, HoldsUnixPaths) {
  EXPECT_EQ(Address::unix_path("/run/x.sock").path(), "/run/x.sock");
  EXPECT_EQ(Address::unix_path("/run/x.sock").to_string(), "unix:/run/x.sock");
  EXPECT_EQ(Address::unix_path(std::string("\0abstract", 9)).to_string(), "unix:@abstract");
  EXPECT_EQ(Address::unix_path(std::string(107, 'p')).path().size(), 107u);
  EXPECT_THROW(Address::unix_path(std::string(108, 'p')), ValueError);
  EXPECT_THROW(Address::unix_path(""), ValueError);
}

TEST(Address, ChangesItsPortAlone) {
  EXPECT_EQ(Address::parse("::1", 1).with_port(2), Address::parse("::1", 2));
  EXPECT_NE(Address::parse("::1", 1), Address::parse("::1", 2));
  EXPECT_THROW(Address::unix_path("/x").with_port(1), ValueError);
  EXPECT_THROW(Address().with_port(1), ValueError);
}

}  // namespace
}  // namespace tarn
