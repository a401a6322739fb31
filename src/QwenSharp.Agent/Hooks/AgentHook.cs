using System.Text.Json;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Hooks;

/// <summary>
/// Code that is asked before, and told after, what an agent does: it may stop it, change it, or add to what the model knows. Each of its
/// methods leaves things as they are unless it is overridden.
/// </summary>
public abstract class AgentHook
{
    /// <summary>Before a prompt goes to the model. A denied prompt does not; what is added goes with it.</summary>
    public virtual Task<HookVerdict> PromptAsync(string prompt, CancellationToken cancellationToken) => Task.FromResult(HookVerdict.None);

    /// <summary>Before a tool runs: it may allow what would be asked for, ask, deny, and change the arguments.</summary>
    /// <param name="tool">The tool's name.</param>
    /// <param name="arguments">A JSON object.</param>
    /// <param name="cancellationToken">The work was interrupted.</param>
    public virtual Task<HookVerdict> BeforeToolAsync(string tool, JsonElement arguments, CancellationToken cancellationToken) =>
        Task.FromResult(HookVerdict.None);

    /// <summary>After a tool ran. The reason of a denial, and what is added, are told to the model beside the result.</summary>
    /// <param name="tool">The tool's name.</param>
    /// <param name="arguments">A JSON object.</param>
    /// <param name="result">What it gave.</param>
    /// <param name="cancellationToken">The work was interrupted.</param>
    public virtual Task<HookVerdict> AfterToolAsync(
        string tool, JsonElement arguments, ToolResult result, CancellationToken cancellationToken) => Task.FromResult(HookVerdict.None);

    /// <summary>Before the work on a prompt ends. Denied, it goes on, and the model is told the reason.</summary>
    /// <param name="isAgain">Whether it goes on already because a hook wanted it to.</param>
    /// <param name="cancellationToken">The work was interrupted.</param>
    public virtual Task<HookVerdict> StopAsync(bool isAgain, CancellationToken cancellationToken) => Task.FromResult(HookVerdict.None);
}
