using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Corpus.Skills;
using QwenSharp.Corpus.Skills.Tools;

namespace QwenSharp.Corpus.Tests;

/// <summary>The data files: enough of everything, and nothing that cannot be used.</summary>
public class SkillDataTests
{
    public static TheoryData<string> Kinds() => [.. ToolKind.All.Select(kind => kind.Id)];

    [Fact]
    public void There_are_many_tools_in_many_domains()
    {
        Assert.True(ToolKind.All.Count >= 60);
        Assert.True(ToolKind.All.Select(kind => kind.Domain).Distinct().Count() >= 12);
        Assert.Distinct(ToolKind.All.Select(kind => kind.Id));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_tool_can_be_asked_for_and_answers(string id)
    {
        ToolKind kind = ToolKind.All.Single(kind => kind.Id == id);
        for (ulong seed = 0; seed < 100; seed++)
        {
            Draw draw = new(seed, seed % 2 == 0 ? Split.Train : Split.HeldOut);
            OfferedTool tool = new(kind, draw);
            ToolRequest request = tool.Ask(draw);
            Assert.NotEmpty(request.Result(draw).Words);
            if (kind.Also is not null && kind.Slots.Count(slot => slot.IsRequired) == 1)
                Assert.NotEmpty(tool.Ask(draw, kind.Also).Text);
        }
    }

    [Fact]
    public void Tools_that_nobody_knows_can_be_asked_for()
    {
        for (ulong seed = 0; seed < 2_000; seed++)
        {
            Draw draw = new(seed, Split.Train);
            Assert.NotEmpty(new OfferedTool(InventedTools.Make(draw), draw).Ask(draw).Values);
        }
    }

    [Fact]
    public void Every_phrase_stands_in_ten_languages()
    {
        IReadOnlyList<string> rows = DataFile.Lines("phrases.txt");

        Assert.True(rows.Count > 80);
        Assert.All(rows, row =>
        {
            Assert.Equal(10, row.Split('|').Length);
            Assert.All(row.Split('|', '/'), cell => Assert.Equal(cell.Trim(), cell));
            Assert.DoesNotContain("", row.Split('|', '/'));
        });
    }

    [Fact]
    public void There_are_many_facts_each_with_many_wordings()
    {
        Topic[] topics = [.. Topic.Read("facts.txt")];

        Assert.True(topics.Length >= 80);
        Assert.Distinct(topics.Select(topic => topic.Name));
        Assert.All(topics, topic =>
        {
            Draw draw = new(1, Split.Train);
            HashSet<string> questions = [.. Enumerable.Range(0, 500).Select(_ => topic.Ask(draw, slot => slot))];
            Assert.True(questions.Count >= 2, topic.Name);
        });
    }

    [Fact]
    public void Sums_are_thought_through_step_by_step() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                Numbers(),
                pair =>
                {
                    (int a, int b) = pair;
                    string[] lines = DigitByDigit.Sum(a, b).Split('\n');
                    return lines.Length == 5
                        && lines[^1].EndsWith($"= {a + b}", StringComparison.Ordinal)
                        && lines[1..4].All(line => Holds(line, (x, y, carry) => x + y + carry));
                }));

    [Fact]
    public void Differences_are_thought_through_step_by_step() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                Numbers(),
                pair =>
                {
                    (int a, int b) = pair;
                    string[] lines = DigitByDigit.Difference(a, b).Split('\n');
                    return lines.Length == 6
                        && lines[^1].EndsWith($"= {a - b}", StringComparison.Ordinal)
                        && lines[2..5].All(line => Holds(line, (x, y, borrow) => x - y - borrow));
                }));

    [Fact]
    public void Comparisons_end_with_the_order() => Check.QuickThrowOnFailure(Prop.ForAll(Numbers(), pair =>
    {
        (int a, int b) = pair;
        return DigitByDigit.Comparison(a, b).EndsWith($"so {a}{(a > b ? '>' : a < b ? '<' : '=')}{b}", StringComparison.Ordinal);
    }));

    [Fact]
    public void Choices_are_asked_for_first_and_made_last() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                Numbers(),
                pair =>
                {
                    (int a, int b) = pair;
                    (int least, int most) = (Math.Min(a, b), Math.Max(a, b));
                    string order = $"so {least}{(a == b ? '=' : '<')}{most}: ";
                    (string larger, string smaller) = (DigitByDigit.Choice(a, b, larger: true), DigitByDigit.Choice(a, b, larger: false));
                    return larger.StartsWith($"larger of {a:000} and {b:000}: ", StringComparison.Ordinal)
                        && larger.EndsWith(order + most, StringComparison.Ordinal)
                        && smaller.StartsWith($"smaller of {a:000} and {b:000}: ", StringComparison.Ordinal)
                        && smaller.EndsWith(order + least, StringComparison.Ordinal);
                }));

    [Fact]
    public void Words_of_a_request_slip_but_never_vanish()
    {
        const string request = "How do I download a model?";
        for (ulong seed = 0; seed < 500; seed++)
        {
            string varied = Wording.Vary(request, new Draw(seed, Split.Train));
            Assert.True(varied.Length >= request.Length - 1);
        }
    }

    private static Arbitrary<(int, int)> Numbers() =>
        Gen.Choose(0, 999).SelectMany(a => Gen.Choose(0, 999).Select(b => (a, b))).ToArbitrary();

    // "7+5=12, +1=13: 3, carry 1"
    private static bool Holds(string line, Func<int, int, int, int> operation)
    {
        int comma = line.IndexOf(',');
        (int x, int y, int z) = (line[0] - '0', line[2] - '0', line[comma + 3] - '0');
        return Number(line[4..comma]) == operation(x, y, 0) && Number(line[(comma + 5)..line.IndexOf(':')]) == operation(x, y, z);
    }

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
