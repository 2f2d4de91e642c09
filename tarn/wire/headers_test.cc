// SPDX-License-Identifier: BSL-1.0
#include <tarn/wire/headers.h>

#include <string>

#include <gtest/gtest.h>

namespace tarn::wire {
namespace {

TEST(Headers, ComparesNamesWithoutCaseAndKeepsThemAsWritten) {
  Headers headers{{"Content-Type", "text/plain"}};
  EXPECT_EQ(headers.get("content-TYPE"), "text/plain");
  EXPECT_EQ(headers[0].name, "Content-Type");
  EXPECT_FALSE(headers.contains("Content-Typ"));
  EXPECT_EQ(headers.get("missing"), std::nullopt);
  EXPECT_EQ(headers.get("missing", "x"), "x");
}

TEST(Headers, KeepsSeveralValuesInOrder) {
  Headers headers{{"Set-Cookie", "a=1"}, {"X", ""}, {"set-cookie", "b=2"}};
  EXPECT_EQ(headers.get("Set-Cookie"), "a=1");
  EXPECT_EQ(headers.get_all("SET-COOKIE"), (std::vector<std::string_view>{"a=1", "b=2"}));
  EXPECT_EQ(headers.get("x"), "");
  std::string order;
  for (const Header field : headers) order.append(field.name).append(":").append(field.value).append(";");
  EXPECT_EQ(order, "Set-Cookie:a=1;X:;set-cookie:b=2;");
}

TEST(Headers, SetReplacesAllAndRemoveCounts) {
  Headers headers{{"a", "1"}, {"b", "2"}, {"A", "3"}};
  headers.set("A", "4");
  EXPECT_EQ(headers, (Headers{{"B", "2"}, {"a", "4"}}));
  headers.set_default("b", "9");
  headers.set_default("c", "5");
  EXPECT_EQ(headers.get("b"), "2");
  EXPECT_EQ(headers.remove("B"), 1U);
  EXPECT_EQ(headers.remove("B"), 0U);
  EXPECT_EQ(headers.size(), 2U);
  headers.clear();
  EXPECT_TRUE(headers.empty());
}

TEST(Headers, TakesViewsOfItself) {
  Headers headers{{"name", std::string(40, 'v')}};
  for (int i = 0; i < 50; ++i) headers.add(headers[0].name, headers[0].value);
  for (const Header field : headers) EXPECT_EQ(field.value, std::string(40, 'v'));
  headers.set(headers[0].name, headers[3].value);
  EXPECT_EQ(headers, (Headers{{"name", std::string(40, 'v')}}));
}

TEST(Headers, ReadsListsOfTokens) {
  const Headers headers{{"Connection", "keep-alive , \tUpgrade"}, {"connection", "x,,close"}};
  EXPECT_TRUE(headers.has("connection", "UPGRADE"));
  EXPECT_TRUE(headers.has("connection", "close"));
  EXPECT_FALSE(headers.has("connection", "keep"));
  EXPECT_FALSE(headers.has("connection", "keep-alive , \tUpgrade"));
  EXPECT_FALSE(has_token("", "a"));
  EXPECT_TRUE(has_token("a", "A"));
}

TEST(Headers, AreEqualInOrderOnly) {
  EXPECT_EQ((Headers{{"a", "1"}, {"b", "2"}}), (Headers{{"A", "1"}, {"B", "2"}}));
  EXPECT_NE((Headers{{"a", "1"}, {"b", "2"}}), (Headers{{"b", "2"}, {"a", "1"}}));
  EXPECT_NE((Headers{{"a", "x"}}), (Headers{{"a", "X"}}));
  EXPECT_NE((Headers{{"a", "x"}}), (Headers{}));
}

}  // namespace
}  // namespace tarn::wire
