using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Protocols.Tests;

public class StreamFoldTests
{
    private static readonly ReplyHeader Header = new("id", 1, "m", ChoicesPerPrompt: 1, Logprobs: false);

    [Fact]
    public void A_reply_does_not_depend_on_how_its_stream_was_cut() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>[]>(),
        ArbMap.Default.ArbFor<NonNull<string>[]>(),
        (reasoning, text) =>
        {
            ChatCompletion cut = Fold(
            [
                .. reasoning.Select(piece => Update(new TextReasoningContent(piece.Get))),
                .. text.Select(piece => Update(new TextContent(piece.Get))),
            ]);
            ChatCompletion whole = Fold(
            [
                Update(
                    new TextReasoningContent(string.Concat(reasoning.Select(piece => piece.Get))),
                    new TextContent(string.Concat(text.Select(piece => piece.Get)))),
            ]);
            return Json(cut) == Json(whole);
        }).Check(Config.QuickThrowOnFailure.WithReplay(20260101, 1));

    [Fact]
    public void A_stream_says_what_its_fold_says() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>[]>(),
        ArbMap.Default.ArbFor<NonNull<string>[]>(),
        (reasoning, text) =>
        {
            ChoiceUpdate[] updates =
            [
                .. reasoning.Select(piece => Update(new TextReasoningContent(piece.Get))),
                .. text.Select(piece => Update(new TextContent(piece.Get))),
                Update(new FunctionCallContent("c", "f", new Dictionary<string, object?> { ["a"] = 1 })),
            ];
            List<ChatCompletionChunk> chunks = Chunks(updates);
            ChatCompletionChoice whole = Fold(updates).Choices[0];
            ChatDelta[] deltas = [.. chunks.SelectMany(chunk => chunk.Choices).Select(choice => choice.Delta)];
            return (whole.Message.Content ?? "") == string.Concat(deltas.Select(delta => delta.Content))
                && (whole.Message.ReasoningContent ?? "") == string.Concat(deltas.Select(delta => delta.ReasoningContent))
                && whole.Message.ToolCalls![0].Function == deltas.SelectMany(delta => delta.ToolCalls ?? []).Single().Function
                && whole.FinishReason == chunks.SelectMany(chunk => chunk.Choices).Last().FinishReason
                && chunks[0].Choices[0].Delta.Role == "assistant"
                && chunks[^1].Usage is not null;
        }).Check(Config.QuickThrowOnFailure.WithReplay(20260101, 1));

    [Fact]
    public void Pieces_of_calls_add_up_to_what_the_fold_says() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>[]>(),
        ArbMap.Default.ArbFor<bool>(),
        (pieces, isCut) =>
        {
            ChoiceUpdate[] updates =
            [
                Update(new TextContent("So.")),
                .. pieces.Select(piece => piece.Get).Prepend("").Select(piece => Piece("a", piece)),
                new ChoiceUpdate(0, new ChatResponseUpdate
                {
                    RawRepresentation = new CallFragment("a", "f", "}"),
                    Contents = [new FunctionCallContent("a", "f"), new TextContent("And"), new FunctionCallContent("b", "g")],
                }),
                .. isCut ? new[] { Piece("c", ""), Piece("c", "{") } : [],
            ];
            List<ChatCompletionChunk> chunks = Chunks(updates);
            ChatCompletionChoice whole = Fold(updates).Choices[0];
            ToolCall[] parts = [.. chunks.SelectMany(chunk => chunk.Choices).SelectMany(choice => choice.Delta.ToolCalls ?? [])];
            return whole.Message.Content == "So.And"
                && whole.Message.ToolCalls!.Select(call => (call.Id, call.Function.Name, call.Function.Arguments)).SequenceEqual(
                    parts.GroupBy(part => part.Index).Select(call => (
                        call.First().Id,
                        call.First().Function.Name,
                        string.Concat(call.Select(part => part.Function.Arguments)))))
                && parts.Where(part => part.Id is not null).Select(part => part.Index).SequenceEqual(isCut ? [0, 1, 2] : [0, 1])
                && whole.FinishReason == (isCut ? "stop" : "tool_calls")
                && chunks.SelectMany(chunk => chunk.Choices).Last().FinishReason == whole.FinishReason;
        }).Check(Config.QuickThrowOnFailure.WithReplay(20260101, 1));

    [Fact]
    public void Of_arguments_that_are_cut_the_members_are_told_that_are_whole()
    {
        const string Text = """ {"a": 12, "b": "x\"}", "c": [1, {"d": null}], "e": {"f": true}, "g": false}""";
        JsonElement whole = WireArguments.Read(Text);
        for (int length = 0; length <= Text.Length; length++)
        {
            JsonProperty[] members = [.. WireArguments.Read(Text[..length]).EnumerateObject()];
            Assert.Equal(whole.EnumerateObject().Take(members.Length).Select(Said), members.Select(Said));
        }

        Assert.Equal(5, whole.GetPropertyCount());
        Assert.ThrowsAny<JsonException>(() => WireArguments.Read("[1"));
        Assert.ThrowsAny<JsonException>(() => WireArguments.Read("\"a"));
        Assert.ThrowsAny<JsonException>(() => WireArguments.Read("{} {"));

        static string Said(JsonProperty member) => $"{member.Name}={member.Value.GetRawText()}";
    }

    [Fact]
    public void Choices_that_come_interleaved_are_sorted_out()
    {
        ChatCompletion reply = Fold(
            new ChoiceUpdate(1, new ChatResponseUpdate(ChatRole.Assistant, "b")),
            new ChoiceUpdate(0, new ChatResponseUpdate(ChatRole.Assistant, "a")),
            new ChoiceUpdate(1, new ChatResponseUpdate(ChatRole.Assistant, "B")),
            new ChoiceUpdate(1, End),
            new ChoiceUpdate(0, new ChatResponseUpdate(ChatRole.Assistant, "A")));

        Assert.Equal(["aA", "bB"], reply.Choices.Select(choice => choice.Message.Content));
    }

    [Fact]
    public void Content_that_the_protocol_has_no_place_for_is_an_error() =>
        Assert.Throws<NotSupportedException>(() => Fold(Update(new DataContent("data:image/png;base64,AAAA"))));

    [Fact]
    public void Tokens_of_thoughts_are_counted_where_the_model_counts_them()
    {
        UsageContent usage = new(new UsageDetails { InputTokenCount = 3, OutputTokenCount = 5, ReasoningTokenCount = 2 });

        ChatCompletion reply = Fold(new ChoiceUpdate(0, new ChatResponseUpdate { Contents = [usage] }));

        Assert.Equal(new CompletionUsage(3, 5) { CompletionTokensDetails = new CompletionTokensDetails(2) }, reply.Usage);
    }

    private static ChoiceUpdate Piece(string id, string arguments) =>
        new(0, new ChatResponseUpdate { RawRepresentation = new CallFragment(id, "f", arguments) });

    private static ChatResponseUpdate End => new() { FinishReason = ChatFinishReason.Stop };

    private static ChoiceUpdate Update(params AIContent[] contents) => new(0, new ChatResponseUpdate(ChatRole.Assistant, contents));

    // The fold of the updates, and the end of the first choice.
    private static ChatCompletion Fold(params ChoiceUpdate[] updates)
    {
        IAsyncEnumerable<ChoiceUpdate> all = updates.Append(new ChoiceUpdate(0, End)).ToAsyncEnumerable();
        AnswerStream answers = new(all, choicesPerPrompt: 1);
        return ChatCompletionStream.FoldAsync(answers, Header, new ChatReplyForm(), default).GetAwaiter().GetResult();
    }

    private static List<ChatCompletionChunk> Chunks(params ChoiceUpdate[] updates)
    {
        IAsyncEnumerable<ChoiceUpdate> all = updates.Append(new ChoiceUpdate(0, End)).ToAsyncEnumerable();
        AnswerStream answers = new(all, choicesPerPrompt: 1);
        return ChatCompletionStream.ToChunksAsync(answers, Header, new ChatReplyForm { IncludesUsage = true }, default)
            .ToListAsync().AsTask().GetAwaiter().GetResult();
    }

    private static string Json(ChatCompletion reply) => JsonSerializer.Serialize(reply, OpenAIJson.Default.ChatCompletion);
}
