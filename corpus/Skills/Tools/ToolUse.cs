using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Skills.Tools;

/// <summary>
/// Calls of tools that the request offers: the right one, with what the request says, several, or none where none fits; and answers from
/// their results.
/// Before it calls or declines, the model says what there is to do. A small model has few layers to understand a request, find its tool and
/// begin the call
/// in one token; this way it first understands, and then looks for what it said.
/// </summary>
/// <param name="talk">The skills whose questions need no tool.</param>
internal sealed class ToolUse(IReadOnlyList<Skill> talk) : Skill
{
    // One sentence: what is to be learnt is when to say it.
    private const string Decline = " None of my tools can do that.";

    private static readonly ToolKind[] Continuing = [.. ToolKind.All.Where(kind => kind.Also is not null)];
    private static readonly ILookup<string, ToolKind> Domains = ToolKind.All.ToLookup(kind => kind.Domain);

    public override string Name => "tools";

    public override int Share => 44;

    public override Exercise Make(Draw draw) => draw.Below(100) switch
    {
        < 30 => OneCall(draw),
        < 57 => SeveralCalls(draw),
        < 62 => Answer(draw),
        < 69 => VariedAnswer(draw),
        < 71 => SeveralAnswers(draw),
        < 73 => FollowUp(draw),
        < 94 => NoneFits(draw),
        _ => NoneNeeded(draw),
    };

    private Exercise OneCall(Draw draw)
    {
        OfferedTool tool = Any(draw);
        ToolRequest request = tool.Ask(draw);
        return Exercise(draw, "one call", [tool], [Message.User(request.Text), Calls(request)], new CallsTools([request.Call]));
    }

    private Exercise SeveralCalls(Draw draw)
    {
        (OfferedTool[] tools, ToolRequest[] requests, string text) = Several(draw);
        return Exercise(
            draw,
            requests.Length == 2 ? "two calls" : "several calls",
            tools,
            [Message.User(text), Calls(requests)],
            new CallsTools([.. requests.Select(request => request.Call)]));
    }

    private Exercise Answer(Draw draw)
    {
        OfferedTool tool = Any(draw);
        ToolRequest request = tool.Ask(draw);
        (string json, string said, IReadOnlyList<string> words) = request.Result(draw);
        return Exercise(
            draw,
            "result",
            [tool],
            [Message.User(request.Text), Calls(request), new Message("tool", json), Message.Assistant(said)],
            Says(words));
    }

    private Exercise VariedAnswer(Draw draw)
    {
        OfferedTool tool = Any(draw);
        ToolRequest request = tool.Ask(draw);
        (string content, string said, IReadOnlyList<string> words) = VariedResult.Make(draw);
        return Exercise(
            draw,
            "varied result",
            [tool],
            [Message.User(request.Text), Calls(request), new Message("tool", content), Message.Assistant(said)],
            Says(words));
    }

    private Exercise SeveralAnswers(Draw draw)
    {
        (OfferedTool[] tools, ToolRequest[] requests, string text) = Several(draw);
        (string Json, string Said, IReadOnlyList<string> Words)[] results = [.. requests.Select(request => request.Result(draw))];
        Message[] messages =
        [
            Message.User(text),
            Calls(requests),
            .. results.Select(result => new Message("tool", result.Json)),
            Message.Assistant(string.Join(' ', results.Select(result => result.Said))),
        ];
        return Exercise(draw, "result", tools, messages, Says([.. results.SelectMany(result => result.Words)]));
    }

    private Exercise FollowUp(Draw draw)
    {
        OfferedTool tool = new(draw.Of(Continuing), draw);
        ToolRequest first = tool.Ask(draw);
        ToolRequest second = tool.Ask(draw, tool.Kind.Slots.Count(slot => slot.IsRequired) == 1 ? tool.Kind.Also : null);
        (string json, string said, _) = first.Result(draw);
        Message[] messages =
        [
            Message.User(first.Text),
            Calls(first),
            new Message("tool", json),
            Message.Assistant(said),
            Message.User(second.Text),
            Calls(second),
        ];
        return Exercise(draw, "one call", [tool], messages, new CallsTools([second.Call]));
    }

    private Exercise NoneFits(Draw draw)
    {
        OfferedTool wanted = Any(draw);
        ToolRequest request = wanted.Ask(draw);
        Conversation talk = Talk(
            draw,
            [Message.User(request.Text), Message.Assistant(Plan(request) + Decline)],
            [.. Others(draw, [wanted], draw.Of([1, 1, 1, 2, 2, 3]), near: 20).Select(tool => tool.Schema)]);
        return new Exercise(Name, "no tool fits", talk, Mentions.Of("can't|cannot|no tool|none of|not able"))
        {
            Key = "without " + wanted.Signature,
        };
    }

    private Exercise NoneNeeded(Draw draw)
    {
        Exercise question = draw.Of(talk).Make(draw);
        Tool[] tools = [.. Others(draw, [], draw.Between(1, 3)).Select(tool => tool.Schema)];
        return question with { Skill = Name, Kind = "no tool needed", Conversation = question.Conversation with { Tools = tools } };
    }

    private Exercise Exercise(Draw draw, string kind, OfferedTool[] needed, Message[] messages, Expectation expected)
    {
        List<OfferedTool> offered = [.. needed.DistinctBy(tool => tool.Schema.Name)];
        offered.AddRange(Others(draw, needed, draw.Of([0, 0, 1, 1, 2, 3])));
        draw.Shuffle(offered);
        return new Exercise(Name, kind, Talk(draw, messages, [.. offered.Select(tool => tool.Schema)]), expected)
        {
            Key = needed[0].Signature,
            KeysOnTheWay = [.. needed.Skip(1).Select(tool => tool.Signature)],
        };
    }

    private static OfferedTool Any(Draw draw) => new(draw.Chance(33) ? InventedTools.Make(draw) : draw.Of(ToolKind.All), draw);

    /// <summary>Tools that do something else, some of them nearly the same.</summary>
    private static List<OfferedTool> Others(Draw draw, IReadOnlyList<OfferedTool> than, int count, int near = 45)
    {
        List<OfferedTool> others = [];
        while (others.Count < count)
        {
            OfferedTool? like = than.Count > 0 && draw.Chance(near) ? than[0] : null;
            OfferedTool other = like switch
            {
                null => Any(draw),
                { Kind.Domain: "invented" } => new OfferedTool(InventedTools.MakeLike(draw, like.Kind), draw),
                _ => new OfferedTool(draw.Of(Domains[like.Kind.Domain].ToArray()), draw),
            };
            if (than.Concat(others).All(taken => taken.Kind.Id != other.Kind.Id && taken.Schema.Name != other.Schema.Name))
                others.Add(other);
        }

        return others;
    }

    /// <summary>Two or three requests in one message, of one tool or of several.</summary>
    private static (OfferedTool[] Tools, ToolRequest[] Requests, string Text) Several(Draw draw)
    {
        List<OfferedTool> tools = [Any(draw)];
        List<ToolRequest> requests = [tools[0].Ask(draw)];
        string text = requests[0].Text;
        for (int count = draw.Of([2, 2, 3]); requests.Count < count;)
        {
            OfferedTool tool = requests[^1].Tool;
            bool again = draw.Chance(45);
            if (!again)
                tools.Add(tool = Others(draw, tools, 1)[0]);

            string? also = again && tool.Kind.Slots.Count(slot => slot.IsRequired) == 1 && draw.Chance(60) ? tool.Kind.Also : null;
            requests.Add(tool.Ask(draw, also));
            string ended = char.IsLetterOrDigit(text[^1]) ? text + "." : text;
            text =
                ended
                + (also is null ? draw.Of([" ", "\n", " Also: ", " And then: ", " Next: ", " Besides: ", " Also, ", " And: "]) : " ")
                + requests[^1].Text;
        }

        return ([.. tools], [.. requests], text);
    }

    private static string Plan(params ToolRequest[] requests) =>
        $"To do: {string.Join(", ", requests.Select(request => request.Tool.Kind.Task))}.";

    private static Message Calls(params ToolRequest[] requests) =>
        Message.Assistant(Plan(requests)) with
        {
            Calls = [.. requests.Select(request => request.Call)],
        };

    private static Mentions Says(IReadOnlyList<string> words) => new([.. words.Select(word => (IReadOnlyList<string>)[word])]);
}
