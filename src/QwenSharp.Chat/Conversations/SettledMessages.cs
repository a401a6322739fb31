using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Chat.Conversations;

/// <summary>
/// Conversations as clients send them, made into what a template takes, and as the model has learnt it. One place for all protocols and
/// for callers in .NET; the rules, of which each leaves what it does not name as it is:
/// <list type="number">
/// <item>The role <c>developer</c> is <c>system</c>. A role that is none of system, user, assistant and tool is refused: templates leave
/// out what they do not know.</item>
/// <item>Several system messages at the beginning are one, with an empty line between their texts.</item>
/// <item>A later system message stays where it is. Where the template takes none there, it is a user's turn whose text stands between
/// <c>&lt;system&gt;</c> and <c>&lt;/system&gt;</c>; at the beginning it would change all that was computed after it.</item>
/// <item>A user's name stands before what they say, as <c>name: text</c>. Of other roles it goes to the template as it is.</item>
/// <item>Consecutive messages of a user are a turn each.</item>
/// <item>Consecutive messages of the assistant are the one turn that the model once wrote: thoughts, texts and calls of both in their
/// order, with an empty line between texts. Text after calls begins a turn of its own, as a template writes texts before calls.</item>
/// <item>The results in a message come before what else it says, for they belong to what was called before.</item>
/// <item>The results after calls come in the order of the calls, by their ids; one whose id no call has stands for the next call without a
/// result, as templates show no ids. A call that has none while the conversation goes on gets the result <c>[no result]</c>.</item>
/// <item>Results without calls stay where they stand, as the template writes them.</item>
/// <item>A conversation that begins with a result begins with an empty message of a user. Where the template demands a user's message, so
/// does one that begins with the assistant or has nothing but a system message.</item>
/// <item>Empty texts stay empty turns. Reasoning that is sent back goes to the template, which shows it where its model wants it.</item>
/// </list>
/// No rule looks further ahead than the results of a call. So the turns that a history became stay the same when the conversation goes on,
/// and what was computed for them can be used again.
/// </summary>
internal static class SettledMessages
{
    private const string NoResult = "[no result]";

    private static readonly ChatRole Developer = new("developer");

    /// <summary>The turns of a conversation, each of one role; results are a message each.</summary>
    /// <exception cref="OptionNotSupportedException">A message has a role that no template knows.</exception>
    public static List<ChatMessage> Of(IEnumerable<ChatMessage> messages, TemplateDemands demands)
    {
        List<ChatMessage> turns = [];
        foreach (ChatMessage turn in messages.SelectMany(Split))
            Add(turns, turn, demands);

        int first = turns is [{ Role: var role }, ..] && role == ChatRole.System ? 1 : 0;
        ChatRole? begins = first < turns.Count ? turns[first].Role : null;
        if (begins == ChatRole.Tool || (demands.UserNeeded && (begins is null || begins == ChatRole.Assistant)))
            turns.Insert(first, new ChatMessage(ChatRole.User, ""));

        return [.. Answered(turns)];
    }

    private static IEnumerable<ChatMessage> Split(ChatMessage message, int place)
    {
        ChatRole role = message.Role == Developer ? ChatRole.System : message.Role;
        if (role != ChatRole.System && role != ChatRole.User && role != ChatRole.Assistant && role != ChatRole.Tool)
        {
            throw new OptionNotSupportedException(new OptionFault(
                FaultKind.NotSupported,
                nameof(ChatTemplateConversation.Messages),
                $"The message {place} has the role '{role}', which is none of system, developer, user, assistant and tool."));
        }

        // Counts of an earlier reply; nobody said them.
        List<AIContent> said = [.. message.Contents.Where(content => content is not (FunctionResultContent or UsageContent))];
        bool hasResults = false;
        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
        {
            hasResults = true;
            yield return new ChatMessage(ChatRole.Tool, [result]);
        }

        if (hasResults && said.Count == 0)
            yield break;

        bool isNamed = role == ChatRole.User && message.AuthorName is { Length: > 0 };
        if (isNamed)
            said.Insert(0, new TextContent($"{message.AuthorName}: "));

        yield return new ChatMessage(role, said) { AuthorName = isNamed ? null : message.AuthorName };
    }

    private static void Add(List<ChatMessage> turns, ChatMessage turn, TemplateDemands demands)
    {
        ChatMessage? last = turns.Count > 0 ? turns[^1] : null;
        if (turn.Role == ChatRole.System && last is not null && last.Role == ChatRole.System && turns.Count == 1)
            turns[0] = Joined(last, turn);
        else if (turn.Role == ChatRole.System && last is not null && demands.SystemFirst)
            turns.Add(new ChatMessage(ChatRole.User, [new TextContent("<system>\n"), .. turn.Contents, new TextContent("\n</system>")]));
        else if (turn.Role == ChatRole.Assistant && last is not null && last.Role == ChatRole.Assistant && !(Calls(last) && HasText(turn)))
            turns[^1] = Joined(last, turn);
        else
            turns.Add(turn);
    }

    private static ChatMessage Joined(ChatMessage one, ChatMessage other)
    {
        List<AIContent> contents = [.. one.Contents];
        if (Reasons(one) && Reasons(other))
            contents.Add(new TextReasoningContent("\n\n"));

        if (HasText(one) && HasText(other))
            contents.Add(new TextContent("\n\n"));

        contents.AddRange(other.Contents);
        return new ChatMessage(one.Role, contents) { AuthorName = one.AuthorName };
    }

    /// <summary>The turns, with the results after calls in the order of the calls.</summary>
    private static IEnumerable<ChatMessage> Answered(List<ChatMessage> turns)
    {
        for (int i = 0; i < turns.Count; i++)
        {
            yield return turns[i];
            if (turns[i].Role != ChatRole.Assistant || !Calls(turns[i]))
                continue;

            List<FunctionCallContent> calls = [.. turns[i].Contents.OfType<FunctionCallContent>()];
            List<ChatMessage> results = [.. turns.Skip(i + 1).TakeWhile(turn => turn.Role == ChatRole.Tool)];
            i += results.Count;
            bool goesOn = i + 1 < turns.Count;
            foreach (FunctionCallContent call in calls)
            {
                int own = results.FindIndex(result => IdOf(result) == call.CallId);
                int place = own >= 0 ? own : results.FindIndex(result => calls.TrueForAll(other => IdOf(result) != other.CallId));
                if (place >= 0)
                {
                    yield return results[place];
                    results.RemoveAt(place);
                }
                else if (goesOn || results.Count > 0)
                {
                    yield return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, NoResult)]);
                }
            }

            foreach (ChatMessage result in results)
                yield return result;
        }
    }

    private static string? IdOf(ChatMessage result) => result.Contents.OfType<FunctionResultContent>().FirstOrDefault()?.CallId;

    private static bool Calls(ChatMessage turn) => turn.Contents.Any(content => content is FunctionCallContent);

    private static bool HasText(ChatMessage turn) => turn.Contents.Any(content => content is TextContent { Text.Length: > 0 });

    private static bool Reasons(ChatMessage turn) => turn.Contents.Any(content => content is TextReasoningContent { Text.Length: > 0 });
}
