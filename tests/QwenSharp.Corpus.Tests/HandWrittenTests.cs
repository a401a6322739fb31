using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Tests;

/// <summary>The prompts that a person wrote: as many as are promised, and judged so that a wrong answer is wrong.</summary>
public class HandWrittenTests
{
    [Fact]
    public void There_are_a_hundred_prompts_and_thirty_requests_for_tools_all_different()
    {
        Assert.Equal(100, HandWritten.All.Count(one => one.Skill != HandWritten.Calls));
        Assert.Equal(30, HandWritten.All.Count(one => one.Skill == HandWritten.Calls));
        Assert.Distinct(HandWritten.All.Select(one => one.Prompt[0].Content));
        Assert.InRange(HandWritten.All.Select(one => one.Skill).Distinct().Count(), 10, 20);
    }

    [Fact]
    public void The_right_answer_is_right_where_it_is_written_down() =>
        Assert.All(
            HandWritten.All.Where(one => one.Kind is "exact" or "json" or "number" or "begins" or "calls"),
            one => Assert.Null(one.Expected.Fault(Answer.Of(one.Conversation.Messages[^1]))));

    [Fact]
    public void Nothing_and_the_prompt_itself_are_wrong() => Assert.All(HandWritten.All, one =>
    {
        Assert.NotNull(one.Expected.Fault(new Answer("", "", [])));
        Assert.NotNull(one.Expected.Fault(new Answer(one.Prompt[^1].Content, "", [new ToolCall("another_tool", "{}")])));
    });

    [Fact]
    public void Calls_are_of_tools_that_are_offered_with_arguments_of_their_schema() => Assert.All(HandWritten.All, one =>
    {
        IEnumerable<ToolCall> calls = one.Expected is CallsTools expected
            ? expected.Calls
            : one.Prompt.SelectMany(message => message.Calls);
        Assert.All(calls, call =>
        {
            Tool tool = Assert.Single(one.Conversation.Tools, tool => tool.Name == call.Name);
            System.Text.Json.JsonElement schema = System.Text.Json.JsonElement.Parse(tool.Schema()),
                arguments = System.Text.Json.JsonElement.Parse(call.Arguments);
            Assert.All(
                arguments.EnumerateObject(),
                argument => Assert.True(schema.GetProperty("properties").TryGetProperty(argument.Name, out _), argument.Name));
            Assert.All(
                schema.GetProperty("required").EnumerateArray(),
                name => Assert.True(arguments.TryGetProperty(name.GetString()!, out _), name.GetString()));
        });
    });

    [Fact]
    public void No_prompt_is_one_of_the_generators()
    {
        HashSet<string> asked = [.. HandWritten.All.Where(one => one.Skill is not ("sums" or "declines")).Select(one => one.Prompt[0].Content)];
        CorpusGenerator generator = new(1, Split.Train);

        // A sum such as 702-389 is what it is, whoever asks.
        Assert.DoesNotContain(Enumerable.Range(0, 5_000).Select(i => generator.At(i).Prompt[^1].Content), asked.Contains);
    }
}
