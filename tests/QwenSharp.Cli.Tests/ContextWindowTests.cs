using Microsoft.Extensions.AI;
using QwenSharp.Cli.Run;

namespace QwenSharp.Cli.Tests;

public class ContextWindowTests
{
    [Fact]
    public void What_fits_is_shown_whole()
    {
        ContextWindow window = Fit(200, [System(10), .. Turns(3, 10), User(10)]);

        Assert.Equal((0, 8, 80), (window.LeftOut, window.Shown.Count, window.Tokens));
    }

    [Fact]
    public void As_few_of_the_oldest_turns_as_must_go_are_left_out()
    {
        List<ChatMessage> all = [System(10), .. Turns(6, 10), User(10)];
        ContextWindow window = Fit(100, all);

        // Of 140 tokens 75 may be the prompt: a quarter of the context is kept for the answer.
        Assert.Equal((4, 60), (window.LeftOut, window.Tokens));
        Assert.Equal([all[0], .. all[9..]], window.Shown);
    }

    /// <summary>
    /// For any lengths: what is shown fits, is the end of the conversation behind its system message, and with one turn more would not fit.
    /// </summary>
    [Fact]
    public void Any_conversation_is_cut_at_the_right_turn()
    {
        Random random = new(1);
        for (int round = 0; round < 300; round++)
        {
            List<ChatMessage> all = random.Next(2) == 0 ? [] : [System(random.Next(1, 20))];
            for (int turn = random.Next(0, 12); turn > 0; turn--)
                all.AddRange([User(random.Next(1, 30)), new ChatMessage(ChatRole.Assistant, Words(random.Next(1, 30)))]);

            all.Add(User(random.Next(1, 20)));
            int context = random.Next(60, 400);
            ContextWindow window = Fit(context, all);

            ChatMessage[] system = [.. all.TakeWhile(message => message.Role == ChatRole.System)];
            Assert.Equal(system, window.Shown.Take(system.Length));
            Assert.Equal(all[^(window.Shown.Count - system.Length)..], window.Shown.Skip(system.Length));
            Assert.Equal(ChatRole.User, window.Shown[system.Length].Role);
            int turns = all.Count(message => message.Role == ChatRole.User);
            Assert.Equal(turns - window.LeftOut, window.Shown.Count(message => message.Role == ChatRole.User));
            Assert.True(window.Tokens + context / 4 <= context || window.LeftOut == turns - 1);
            if (window.LeftOut > 0)
            {
                int start = all.Count - (window.Shown.Count - system.Length) - 2;
                Assert.True(Count([.. system, .. all[start..]]) + context / 4 > context);
            }
        }
    }

    [Fact]
    public void The_newest_turn_may_take_the_room_of_the_answer()
    {
        ContextWindow window = Fit(100, [.. Turns(3, 10), User(90)]);

        Assert.Equal((3, 90), (window.LeftOut, window.Tokens));
    }

    [Theory]
    [InlineData(0, "a prompt of 100 tokens; the context of 100 has room for 99")]
    [InlineData(20, "a prompt of 120 tokens, with the system message")]
    public void A_message_that_fits_alone_nowhere_is_refused_with_its_tokens(int system, string said)
    {
        List<ChatMessage> all = system > 0 ? [System(system)] : [];
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Fit(100, [.. all, .. Turns(2, 5), User(100)]));
        Assert.Contains(said, refused.Message);
    }

    [Fact]
    public void A_limit_of_the_answer_is_the_room_it_gets()
    {
        List<ChatMessage> all = [.. Turns(4, 10), User(10)];

        Assert.Equal(0, Fit(100, all, maxTokens: 5).LeftOut);
        Assert.Equal(1, Fit(100, all, maxTokens: 25).LeftOut);
    }

    private static ContextWindow Fit(int context, List<ChatMessage> conversation, int? maxTokens = null) => ContextWindow.Fit(
        conversation,
        new ChatModel { Name = "fake", Client = null!, ContextLength = context, CountTokens = (messages, _) => Count(messages) },
        new ChatOptions { MaxOutputTokens = maxTokens });

    private static int Count(IEnumerable<ChatMessage> messages) => messages.Sum(message => message.Text.Split(' ').Length);

    private static IEnumerable<ChatMessage> Turns(int count, int words) =>
        Enumerable.Range(0, count).SelectMany(_ => (ChatMessage[])[User(words), new(ChatRole.Assistant, Words(words))]);

    private static ChatMessage User(int words) => new(ChatRole.User, Words(words));

    private static ChatMessage System(int words) => new(ChatRole.System, Words(words));

    private static string Words(int count) => string.Join(' ', Enumerable.Repeat("w", count));
}
