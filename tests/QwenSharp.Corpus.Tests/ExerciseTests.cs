using System.Text.Json;
using QwenSharp.Chat;
using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Tests;

/// <summary>What holds for every exercise.</summary>
public class ExerciseTests
{
    private static readonly Lazy<Exercise[]> Many = new(() =>
        [
            .. Enumerable.Range(0, 8_000).Select(i => new CorpusGenerator(3, Split.Train).At(i)),
            .. CorpusGenerator.Skills.SelectMany(skill =>
                Enumerable.Range(0, 300).Select(i => new CorpusGenerator(3, Split.HeldOut).At(skill, i))),
        ]);

    [Fact]
    public void The_answer_that_is_taught_is_right() =>
        Assert.All(Many.Value, exercise => Assert.Null(exercise.Expected.Fault(Answer.Of(exercise.Conversation.Messages[^1]))));

    [Fact]
    public void The_answer_to_something_else_is_mostly_wrong()
    {
        Exercise[] exercises = Many.Value;
        int accepted = Enumerable
            .Range(1, exercises.Length - 1)
            .Count(i => exercises[i].Expected.Fault(Answer.Of(exercises[i - 1].Conversation.Messages[^1])) is null);

        // A decline answers another request to decline, and a story without demands is one like another.
        Assert.InRange(accepted / (double)exercises.Length, 0, 0.1);
    }

    [Fact]
    public void An_empty_answer_is_wrong() =>
        Assert.Empty(
            Many.Value.Where(exercise => exercise.Expected.Fault(new Answer("", "", [])) is null).Select(exercise => exercise.PromptText())
        );

    [Fact]
    public void A_line_is_JSON_of_the_form_that_OpenAI_takes()
    {
        foreach (Exercise exercise in Many.Value.Take(2_000))
        {
            using JsonDocument line = JsonDocument.Parse(
                JsonLines.Write(exercise.Conversation),
                new JsonDocumentOptions { AllowDuplicateProperties = false });
            JsonElement messages = line.RootElement.GetProperty("messages");
            Assert.Equal("assistant", messages[messages.GetArrayLength() - 1].GetProperty("role").GetString());
            foreach (JsonElement message in messages.EnumerateArray().Where(message => message.TryGetProperty("tool_calls", out _)))
            {
                Assert.StartsWith("To do: ", message.GetProperty("content").GetString());
                Assert.All(
                    message.GetProperty("tool_calls").EnumerateArray(),
                    call => JsonDocument.Parse(call.GetProperty("function").GetProperty("arguments").GetString()!).Dispose());
            }
        }
    }

    [Fact]
    public void Called_tools_are_offered_and_their_arguments_are_in_the_schema_and_in_the_request()
    {
        foreach (Exercise exercise in Many.Value.Where(exercise => exercise.Expected is CallsTools))
        {
            string request = exercise.Prompt[^1].Content;
            foreach (ToolCall call in ((CallsTools)exercise.Expected).Calls)
            {
                Tool tool = Assert.Single(exercise.Conversation.Tools, tool => tool.Name == call.Name);
                using JsonDocument arguments = JsonDocument.Parse(call.Arguments);
                Assert.All(
                    tool.Parameters.Where(parameter => parameter.IsRequired),
                    parameter => Assert.True(arguments.RootElement.TryGetProperty(parameter.Name, out _)));
                foreach (JsonProperty argument in arguments.RootElement.EnumerateObject())
                {
                    ToolParameter parameter = Assert.Single(tool.Parameters, parameter => parameter.Name == argument.Name);
                    if (parameter.Values.Count > 0)
                        Assert.Contains(argument.Value.GetString(), parameter.Values);
                    else if (parameter.Type != "boolean")
                        Assert.Contains(argument.Value.ToString(), request);
                }
            }
        }
    }

    [Fact]
    public void Where_no_tool_fits_none_is_called() =>
        Assert.All(Many.Value.Where(exercise => exercise.Kind is "no tool fits" or "no tool needed"), exercise =>
        {
            Assert.NotEmpty(exercise.Conversation.Tools);
            Tool offered = exercise.Conversation.Tools[0];
            Assert.NotNull(exercise.Expected.Fault(new Answer("", "", [new ToolCall(offered.Name, "{}")])));
        });

    [Fact]
    public void What_is_beyond_its_arithmetic_is_declined_and_no_sum_to_three_digits()
    {
        Exercise[] beyond = [.. Many.Value.Where(exercise => exercise.Kind == Skills.Arithmetic.Beyond)];
        Assert.InRange(beyond.Length, 60, 400);
        foreach (Exercise exercise in beyond)
        {
            string ask = exercise.Prompt[^1].Content;
            Assert.NotNull(exercise.Expected.Fault(new Answer("12", "12", [])));
            Assert.Equal(exercise.Conversation.Thinking, exercise.Conversation.Messages[^1].Reasoning.Length > 0);
            Assert.Matches(
                @"[*×/÷%^.]|\dx\d| x |times|product|ultiply|ivide|shares|holds|percent|squared|cubed|root|power|(?<!\d ?)-\d|\d{4,}|\d+\D+\d+\D+\d",
                ask.TrimEnd('.'));
        }
    }

    [Fact]
    public void Results_of_many_kinds_are_said_again() =>
        Assert.All(Many.Value.Where(exercise => exercise.Kind == "varied result"), exercise =>
        {
            string result = exercise.Prompt[^1].Content;
            Assert.All(((Mentions)exercise.Expected).Keys, key => Assert.Contains(key[0], result));
        });

    [Fact]
    public void Stories_have_characters_of_different_names_and_are_sampled()
    {
        Exercise[] stories = [.. Many.Value.Where(exercise => exercise.Skill == "stories")];
        Assert.All(stories, exercise => Assert.Equal(0.7f, exercise.Temperature));
        Assert.All(
            stories.Select(exercise => exercise.Conversation.Messages[^1].Content),
            story => Assert.Distinct(
                System.Text.RegularExpressions.Regex.Matches(story, @"(?:named|called) (\p{Lu}\w+)").Select(one => one.Groups[1].Value)));
    }

    [Fact]
    public void A_phrase_in_several_languages_has_a_line_for_each() =>
        Assert.All(Many.Value.Where(exercise => exercise.Kind == "several languages"), exercise =>
        {
            string answer = exercise.Conversation.Messages[^1].Content;
            string[] lines = answer.Split('\n');
            Assert.InRange(lines.Length, 2, 10);
            Assert.All(lines, line => Assert.Matches("^[A-Z][a-z]+: .+$", line));
            Assert.NotNull(exercise.Expected.Fault(new Answer(string.Join('\n', lines.SkipLast(1)), "", [])));
            Assert.NotNull(exercise.Expected.Fault(new Answer(answer.Replace(": ", " ", StringComparison.Ordinal), "", [])));
        });

    [Fact]
    public void Exercises_are_short()
    {
        ChatTemplate template = new(CorpusTemplate.Text);
        int[] lengths = [.. Many.Value.Take(3_000).Select(exercise => Rendering.Of(template, exercise.Conversation).Length).Order()];

        // About four characters a token: a median below 120 tokens, none above 750.
        Assert.InRange(lengths[lengths.Length / 2], 100, 480);
        Assert.InRange(lengths[^1], 480, 3_000);
    }

    [Fact]
    public void Skills_have_their_shares()
    {
        ILookup<string, Exercise> skills = Many.Value.Take(8_000).ToLookup(exercise => exercise.Skill);

        Assert.Equal(8, CorpusGenerator.Skills.Count);
        Assert.InRange(skills["tools"].Count() / 8_000.0, 0.42, 0.46);
        Assert.InRange(skills["stories"].Count() / 8_000.0, 0.01, 0.03);
        Assert.All(CorpusGenerator.Skills, skill => Assert.NotEmpty(skills[skill]));
    }

    [Fact]
    public void Each_goal_has_exercises()
    {
        HashSet<Goal> reached = [.. Many.Value.Select(Goal.Of)];

        Assert.Equal(Goal.All.Count, reached.Count);
    }

    [Fact]
    public void An_unknown_skill_is_refused_with_the_names_of_all() =>
        Assert.Contains("phrases", Assert.Throws<ArgumentException>(() => new CorpusGenerator(1, Split.Train).At("singing", 0)).Message);

    [Fact]
    public void Statistics_count_examples_and_characters()
    {
        CorpusStatistics statistics = new(3);
        foreach (Exercise exercise in Many.Value.Take(100))
            statistics.Add(exercise, 50);

        using JsonDocument json = JsonDocument.Parse(statistics.ToJson());
        Assert.Equal(100, json.RootElement.GetProperty("examples").GetInt64());
        Assert.Equal(5_000, json.RootElement.GetProperty("kinds").EnumerateArray().Sum(kind => kind.GetProperty("characters").GetInt64()));
        Assert.Contains("100 examples, 5,000 characters", statistics.ToMarkdown());
    }
}
