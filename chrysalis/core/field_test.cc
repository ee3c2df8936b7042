#include "chrysalis/core/field.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

namespace chrysalis {
namespace {

struct Garden {
  std::int64_t seed = 1;
  double growth = 0.5;
  bool fenced = false;
  std::string shape = "round";
  std::int64_t depth = 3;
  void visit(FieldVisitor& v) {
    v.field({.name = "seed", .help = "Of every random stream", .min = 0}, seed);
    v.begin_table("bed");
    v.field(
        {.name = "growth", .help = "Height gained", .unit = "m/year", .min = 0, .max = 2, .tunable = true},
        growth);
    v.field({.name = "fenced", .help = "Whether hares stay out"}, fenced);
    v.field({.name = "shape", .help = "Seen from above", .choices = {"round", "square"}}, shape);
    v.end_table();
    v.begin_table("pond");
    v.field({.name = "depth", .help = "At the middle", .unit = "m", .min = 1, .max = 10}, depth);
    v.end_table();
  }
};

std::string error_of(const Status& status) {
  return status.ok() ? "no error" : status.error().message;
}

TEST(fields, are_set_by_value) {
  Garden garden;
  const VisitFields fields = fields_of(garden);
  EXPECT_TRUE(set_field(fields, "seed", std::int64_t{7}));
  EXPECT_TRUE(set_field(fields, "bed.growth", 1.25));
  EXPECT_TRUE(set_field(fields, "bed.fenced", true));
  EXPECT_TRUE(set_field(fields, "bed.shape", std::string("square")));
  EXPECT_EQ(garden.seed, 7);
  EXPECT_EQ(garden.growth, 1.25);
  EXPECT_TRUE(garden.fenced);
  EXPECT_EQ(garden.shape, "square");
}

TEST(fields, are_set_by_text) {
  Garden garden;
  const VisitFields fields = fields_of(garden);
  EXPECT_TRUE(set_field_text(fields, "seed", "7"));
  EXPECT_TRUE(set_field_text(fields, "bed.growth", "3e-1"));
  EXPECT_TRUE(set_field_text(fields, "bed.fenced", "true"));
  EXPECT_TRUE(set_field_text(fields, "bed.shape", "square"));
  EXPECT_EQ(garden.seed, 7);
  EXPECT_EQ(garden.growth, 0.3);
  EXPECT_TRUE(garden.fenced);
  EXPECT_EQ(garden.shape, "square");
}

TEST(fields, take_a_whole_number_where_a_number_is_wanted) {
  Garden garden;
  EXPECT_TRUE(set_field(fields_of(garden), "bed.growth", std::int64_t{2}));
  EXPECT_EQ(garden.growth, 2.0);
  EXPECT_TRUE(set_field_text(fields_of(garden), "bed.growth", "1"));
  EXPECT_EQ(garden.growth, 1.0);
}

TEST(fields, allow_both_ends_of_a_range_and_nothing_beyond) {
  Garden garden;
  const VisitFields fields = fields_of(garden);
  EXPECT_TRUE(set_field(fields, "pond.depth", std::int64_t{1}));
  EXPECT_TRUE(set_field(fields, "pond.depth", std::int64_t{10}));
  EXPECT_EQ(error_of(set_field(fields, "pond.depth", std::int64_t{11})),
            "pond.depth is 11: expected a whole number, 1 to 10 (m)");
  EXPECT_EQ(error_of(set_field_text(fields, "pond.depth", "0")),
            "pond.depth is \"0\": expected a whole number, 1 to 10 (m)");
  EXPECT_EQ(error_of(set_field(fields, "bed.growth", 2.5)),
            "bed.growth is 2.5: expected a number, 0 to 2 (m/year)");
  EXPECT_EQ(error_of(set_field(fields, "bed.growth", std::int64_t{-1})),
            "bed.growth is -1: expected a number, 0 to 2 (m/year)");
  EXPECT_EQ(error_of(set_field(fields, "seed", std::int64_t{-1})),
            "seed is -1: expected a whole number, at least 0");
  EXPECT_EQ(garden.depth, 10);
  EXPECT_EQ(garden.growth, 0.5);
}

TEST(fields, are_never_not_a_number) {
  Garden garden;
  EXPECT_FALSE(set_field_text(fields_of(garden), "bed.growth", "nan"));
  EXPECT_FALSE(set_field_text(fields_of(garden), "bed.growth", "inf"));
  EXPECT_EQ(garden.growth, 0.5);
}

TEST(fields, refuse_values_of_another_type) {
  Garden garden;
  const VisitFields fields = fields_of(garden);
  EXPECT_EQ(error_of(set_field(fields, "pond.depth", 2.5)),
            "pond.depth is 2.5: expected a whole number, 1 to 10 (m)");
  EXPECT_EQ(error_of(set_field(fields, "pond.depth", std::string("deep"))),
            "pond.depth is \"deep\": expected a whole number, 1 to 10 (m)");
  EXPECT_EQ(error_of(set_field(fields, "bed.growth", true)),
            "bed.growth is true: expected a number, 0 to 2 (m/year)");
  EXPECT_EQ(error_of(set_field(fields, "bed.fenced", std::int64_t{1})),
            "bed.fenced is 1: expected true or false");
  EXPECT_EQ(error_of(set_field(fields, "bed.shape", false)), "bed.shape is false: expected text in quotes");
  EXPECT_EQ(garden.depth, 3);
  EXPECT_EQ(garden.shape, "round");
}

TEST(fields, refuse_text_that_is_not_all_a_value) {
  Garden garden;
  const VisitFields fields = fields_of(garden);
  for (const char* text : {"", "3 ", "3m", "2.5", "0x3", "99999999999999999999"})
    EXPECT_FALSE(set_field_text(fields, "pond.depth", text)) << text;
  for (const char* text : {"", "1,5", "one"})
    EXPECT_FALSE(set_field_text(fields, "bed.growth", text)) << text;
  for (const char* text : {"", "yes", "1", "True"})
    EXPECT_FALSE(set_field_text(fields, "bed.fenced", text)) << text;
  EXPECT_EQ(garden.depth, 3);
  EXPECT_EQ(garden.growth, 0.5);
}

TEST(fields, take_text_only_if_it_is_utf8) {
  struct Sign {
    std::string text;
    void visit(FieldVisitor& v) { v.field({.name = "text", .help = "What it says"}, text); }
  } sign;
  const VisitFields fields = fields_of(sign);
  for (const char* good : {"", "plain", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x8D\x8E", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(set_field_text(fields, "text", good)) << good;
    EXPECT_EQ(sign.text, good);
  }
  for (const char* bad :
       {"\xFF", "a\x80", "\xC3", "\xC3z", "\xE2\x82", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80"})
    EXPECT_FALSE(set_field_text(fields, "text", bad)) << bad;
  EXPECT_EQ(error_of(set_field(fields, "text", std::string("a\x80"))),
            "text is \"a\x80\": expected UTF-8 text");
}

TEST(fields, name_the_choices_and_the_nearest) {
  Garden garden;
  EXPECT_EQ(error_of(set_field_text(fields_of(garden), "bed.shape", "squere")),
            "bed.shape is \"squere\": expected one of round, square, did you mean 'square'?");
  EXPECT_EQ(garden.shape, "round");
}

TEST(fields, name_the_key_nearest_to_an_unknown_one) {
  Garden garden;
  const VisitFields fields = fields_of(garden);
  EXPECT_EQ(error_of(set_field_text(fields, "bed.growht", "1")),
            "unknown key 'bed.growht', did you mean 'bed.growth'?");
  // The table forgotten, or another one's.
  EXPECT_EQ(error_of(set_field_text(fields, "depth", "1")),
            "unknown key 'depth', did you mean 'pond.depth'?");
  EXPECT_EQ(error_of(set_field_text(fields, "bed.depth", "1")),
            "unknown key 'bed.depth', did you mean 'pond.depth'?");
  EXPECT_EQ(error_of(set_field_text(fields, "xylophones", "1")), "unknown key 'xylophones'");
  EXPECT_EQ(set_field_text(fields, "depth", "1").error().exit_code(), 2);
}

TEST(fields, describe_themselves) {
  Garden garden;
  const std::vector<FieldText> texts = describe_fields(fields_of(garden));
  ASSERT_EQ(texts.size(), 5u);
  EXPECT_EQ(texts[0].path, "seed");
  EXPECT_EQ(texts[0].type, "integer");
  EXPECT_EQ(texts[0].range, "at least 0");
  EXPECT_EQ(texts[1].path, "bed.growth");
  EXPECT_EQ(texts[1].value, "0.5");
  EXPECT_EQ(texts[1].range, "0 to 2");
  EXPECT_EQ(texts[1].unit, "m/year");
  EXPECT_TRUE(texts[1].tunable);
  EXPECT_FALSE(texts[2].tunable);
  EXPECT_EQ(texts[3].value, "\"round\"");
  EXPECT_EQ(texts[3].range, "one of round, square");
}

TEST(fields, of_numbers_say_their_value_and_range_as_numbers) {
  Garden garden;
  const std::vector<FieldText> texts = describe_fields(fields_of(garden));
  ASSERT_TRUE(texts[0].number && texts[1].number && texts[4].number);
  EXPECT_TRUE(texts[0].number->whole);
  EXPECT_EQ(texts[0].number->max, std::numeric_limits<double>::infinity());
  EXPECT_FALSE(texts[1].number->whole);
  EXPECT_EQ(texts[1].number->value, 0.5);
  EXPECT_EQ(texts[1].number->min, 0.0);
  EXPECT_EQ(texts[1].number->max, 2.0);
  EXPECT_EQ(texts[4].number->value, 3.0);
  EXPECT_EQ(texts[4].number->min, 1.0);
  EXPECT_FALSE(texts[2].number);
  EXPECT_FALSE(texts[3].number);
}

TEST(fields, are_written_as_toml) {
  Garden garden;
  EXPECT_EQ(to_toml(fields_of(garden), true),
            "# Of every random stream; at least 0\n"
            "seed = 1\n"
            "\n[bed]\n"
            "# Height gained, m/year; 0 to 2\n"
            "growth = 0.5\n"
            "# Whether hares stay out\n"
            "fenced = false\n"
            "# Seen from above; one of round, square\n"
            "shape = \"round\"\n"
            "\n[pond]\n"
            "# At the middle, m; 1 to 10\n"
            "depth = 3\n");
}

TEST(fields, come_back_from_their_toml) {
  struct Odd {
    double whole = 3, tiny = 1.25e-30, huge = 1e300, third = 1.0 / 3;
    std::string text = "a \"quoted\" \\ line\nand\ttab\r\x7F";
    void visit(FieldVisitor& v) {
      v.field({.name = "whole", .help = "h"}, whole);
      v.field({.name = "tiny", .help = "h"}, tiny);
      v.field({.name = "huge", .help = "h"}, huge);
      v.field({.name = "third", .help = "h"}, third);
      v.field({.name = "text", .help = "h"}, text);
    }
  };
  Odd odd;
  EXPECT_EQ(to_toml(fields_of(odd), false),
            "whole = 3.0\ntiny = 1.25e-30\nhuge = 1e+300\nthird = 0.3333333333333333\n"
            "text = \"a \\\"quoted\\\" \\\\ line\\nand\\u0009tab\\u000D\\u007F\"\n");
  // Numbers keep every bit on the way through text.
  Odd read{.whole = 0, .tiny = 0, .huge = 0, .third = 0, .text = ""};
  std::istringstream lines(to_toml(fields_of(odd), false));
  for (std::string key, equals, value; lines >> key >> equals >> value && key != "text";)
    ASSERT_TRUE(set_field_text(fields_of(read), key, value)) << key;
  EXPECT_EQ(read.whole, odd.whole);
  EXPECT_EQ(read.tiny, odd.tiny);
  EXPECT_EQ(read.huge, odd.huge);
  EXPECT_EQ(read.third, odd.third);
}

TEST(fields, of_no_table_must_stand_before_the_tables) {
  struct Wrong {
    bool first = true, second = true;
    void visit(FieldVisitor& v) {
      v.begin_table("table");
      v.field({.name = "first", .help = "h"}, first);
      v.end_table();
      v.field({.name = "second", .help = "h"}, second);
    }
  };
  Wrong wrong;
  EXPECT_DEATH(to_toml(fields_of(wrong), false), "field second after a table");
}

TEST(fields, that_are_tunable_are_copied_and_no_others) {
  Garden from{.seed = 5, .growth = 1.75, .fenced = true, .shape = "square", .depth = 4}, to;
  copy_tunable_fields(fields_of(from), fields_of(to));
  Garden expected{.growth = 1.75};
  EXPECT_EQ(to_toml(fields_of(to), false), to_toml(fields_of(expected), false));
  EXPECT_EQ(from.growth, 1.75);
}

TEST(fields, of_different_configs_are_not_copied) {
  struct Other {
    std::int64_t growth = 1;
    void visit(FieldVisitor& v) { v.field({.name = "growth", .help = "h", .tunable = true}, growth); }
  };
  struct None {
    void visit(FieldVisitor&) {}
  };
  Garden garden;
  Other other;
  None none;
  EXPECT_DEATH(copy_tunable_fields(fields_of(other), fields_of(garden)),
               "bed.growth is a field of one config");
  EXPECT_DEATH(copy_tunable_fields(fields_of(none), fields_of(garden)),
               "bed.growth is a field of one config");
  EXPECT_DEATH(copy_tunable_fields(fields_of(garden), fields_of(none)), "0 against 1");
}

TEST(nearest_name, is_a_misspelling_away) {
  const std::vector<std::string> names = {"seek_apples", "nav_maze_static_01",
                                          "explore_object_locations_small"};
  EXPECT_EQ(nearest_name("seek_aples", names), "seek_apples");
  EXPECT_EQ(nearest_name("nav_maze_static_1", names), "nav_maze_static_01");
  EXPECT_EQ(nearest_name("seek_apples", names), "seek_apples");
  EXPECT_EQ(nearest_name("bananas", names), "");
  EXPECT_EQ(nearest_name("seek_apples", {}), "");
  EXPECT_EQ(did_you_mean("seek_aples", names), ", did you mean 'seek_apples'?");
  EXPECT_EQ(did_you_mean("bananas", names), "");
}

}  // namespace
}  // namespace chrysalis
